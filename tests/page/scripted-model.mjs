// A language model that answers each command as a test wrote down, over the protocol of a real one.
// It is strict: a command that it does not know fails, and the page then shows that.

import { createServer } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";

export class ScriptedModel {
  static async start() {
    const model = new ScriptedModel();
    model.answers = new Map();
    model.gates = new Map();
    model.server = createServer((request, response) => model.answer(request, response));
    model.server.listen(0, "127.0.0.1");
    await once(model.server, "listening");
    model.url = `http://127.0.0.1:${model.server.address().port}/v1`;
    return model;
  }

  /** To the command `words` it answers a plan of `calls`: `["desk.show_list", { list: "shopping" }]`. */
  plans(words, ...calls) {
    this.answers.set(words, { selectedTools: calls.map(step) });
  }

  /** To the command `words` it answers that something is missing. */
  asks(words, question, call) {
    this.answers.set(words, { selectedTools: [step(call)], needsClarification: true, clarificationQuestion: question });
  }

  /** Keeps the answer to `words` back until the function that this returns is called. */
  holds(words) {
    let release;
    this.gates.set(words, new Promise((resolve) => (release = resolve)));
    return release;
  }

  async answer(request, response) {
    const { messages } = JSON.parse(await text(request));
    const said = messages.findLast(({ role }) => role === "user").content;
    // The prompt keeps its own marks apart from what was said, so that nobody closes a section of it.
    const words = said.match(/(?:^|\n)command: ([^]*)$/)?.[1].replaceAll("< /", "</").trim();
    await this.gates.get(words);
    const plan = this.answers.get(words);
    if (!plan) {
      response.writeHead(400, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ error: { message: `the test's model has no answer to: ${words}` } }));
      return;
    }
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ choices: [{ message: { content: JSON.stringify(plan) }, finish_reason: "stop" }] }));
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function step([name, params]) {
  const [service, tool] = name.split(".");
  return { service, tool, params };
}
