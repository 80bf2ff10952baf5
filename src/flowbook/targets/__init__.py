"""Where an exported job runs by itself: its schedule, in the words of somebody else's scheduler.

From a job and a schedule come text files, and beside them what that scheduler cannot keep of the
schedule, with what to do instead. One module for each scheduler; all of them call `flowbook job
run`. Nothing here writes a file, starts a program or knows what time it is: `now` is an argument,
because a schedule in a zone is another one in UTC when the clocks are changed.
"""
