"""Where tasks run: in this thread, in threads, processes, an executor or a Dask cluster.

============  =============================================================================
places        what a user chooses from: serial, threads, processes, borrowed, cluster
workers       what workers are: they run tasks, and yield results in the order of the tasks
pools         workers that give a future for each task: threads, a user's executor
processes     worker processes, replaced when one of them dies
dask_cluster  the workers of a Dask cluster
============  =============================================================================
"""
