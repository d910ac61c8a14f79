"""Currents: the event files that Braze writes, read into the warehouse.

layout      which file holds which events of which hour
local, s3   where files are listed and fetched from
container, schema, values, worker
            Avro, hostile as what comes from outside is: read in processes apart
readers     keeps those processes busy and outlives them
tables      one transaction a batch: rows and manifest together
load        the order of it all
gaps        hours without a file
coverage    of which time an event would have come back
"""
