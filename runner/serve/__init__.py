"""The personalization API: answers records of the store to Connected Content.

A request becomes a reply in `api` without a socket; `rsgi` and `server` place that on
granian. Nothing here reads the warehouse or the dbt project.
"""
