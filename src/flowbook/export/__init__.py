"""Notebooks that leave the desk: the job to schedule, its run, and the report of a run.

Owns nbformat and papermill; both are extras and load only when a notebook is really made or run.
"""
