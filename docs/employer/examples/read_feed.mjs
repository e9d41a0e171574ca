// Read all of the feed, page by page, and print each event: LOUZU=<address>/api/v1 KEY=lz_… node read_feed.mjs
const { LOUZU, KEY } = process.env;
let cursor = "";
let more = true;
while (more) {
  const query = new URLSearchParams({ after: cursor, limit: "100" });
  const answer = await fetch(`${LOUZU}/feed?${query}`, { headers: { Authorization: `Bearer ${KEY}` } });
  const page = await answer.json();
  if (!answer.ok) throw new Error(`${page.type}: ${page.detail}`);
  for (const event of page.events) console.log(event.seq, event.type, event.card.number);
  cursor = page.next; // store the cursor together with the events, in one transaction
  more = page.more;
}
