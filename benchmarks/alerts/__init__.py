"""The fault-injection benchmark of the alerts: measured cells, faults put into them, and what the watch makes of both.

``python -m benchmarks.alerts`` runs on the data shipped with the project, ``--data FOLDER`` on the full records.
"""
