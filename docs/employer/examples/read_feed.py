"""Read all of the feed, page by page, and print each event: LOUZU=<address>/api/v1 KEY=lz_… python read_feed.py"""

import json
import os
import urllib.parse
import urllib.request

cursor, more = "", True
while more:
    address = f"{os.environ['LOUZU']}/feed?" + urllib.parse.urlencode({"after": cursor, "limit": 100})
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {os.environ['KEY']}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        page = json.load(answer)
    for event in page["events"]:
        print(event["seq"], event["type"], event["card"]["number"])
    cursor, more = page["next"], page["more"]  # store the cursor together with the events, in one transaction
