"""What is answered to questions of views: one module for each family of messages."""
