// What other people's readers make of our messages: lines {"form": …, "text": …} on standard input, one verdict line each.
// Started by tests/system/test_receivers.py.
import { createInterface } from "node:readline";
import { HTTP, CloudEvent } from "cloudevents";
import { CAP_1_2 } from "@dec112/cap-ts";
import nsyslog from "nsyslog-parser";

const readers = {
  cloudevents(text) {
    const e = HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body: text });
    new CloudEvent(e, true);
    return { id: e.id, type: e.type };
  },
  async cap(text) { // its validate() demands lists that the standard leaves optional
    const a = await CAP_1_2.Alert.fromXML(text);
    return { identifier: a.identifier, infos: a.info_list.length };
  },
  syslog(text) {
    const m = nsyslog(text);
    return { pri: m.prival, type: m.type, fields: m.fields ?? {}, sd: m.structuredData };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { form, text } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ ok: true, ...(await readers[form](text)) }));
  } catch (e) {
    console.log(JSON.stringify({ ok: false, why: String(e).slice(0, 300) }));
  }
}
