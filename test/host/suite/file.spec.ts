import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import * as vscode from "vscode";
import { wholeReader } from "../../../src/host/editor/anchorReaders.ts";
import { rangeOf, textOfDocument } from "../../../src/host/editor/vscodeText.ts";
import type { TextAttribution } from "../../../src/protocol/explanation.ts";
import { byteTokenizer, endsOf } from "../../../src/samples/tokenizer/byteTokenizer.ts";
import { closePanels, explain, explanationOf, inWorkspace, Settings, services, until, uriOf } from "./support.ts";

/** A file as a model of whole files sees it, each byte having its own value: its id. */
function seen(bytes: Uint8Array, head: number, tail: number): TextAttribution {
  const window = { head, tail, block: 2 * Math.max(head, tail), strip: true };
  const { files } = byteTokenizer({ type: "bytes", offset: 0, padId: 256, window });
  assert.ok(files);
  const { text, encoded } = files.encode(endsOf(bytes), null);
  const values = Float32Array.from(encoded.tokens, ({ special, id }) => (special === "pad" ? 0 : id));
  return {
    kind: "text",
    input: "bytes",
    shape: [values.length],
    text,
    truncatedFrom: null,
    gap: encoded.gap,
    fields: [],
    tokens: [...encoded.tokens],
    values,
    gradient: null,
    cellErrors: null,
  };
}

const bytesOf = (text: string): number => [...new TextEncoder().encode(text)].reduce((sum, byte) => sum + byte, 0);

describe("a whole file", () => {
  const changed = new Settings();

  afterEach(async () => {
    await closePanels();
    await changed.restore();
  });

  it("has its values at the very characters of the document, with a mark, CRLF, emoji and ideographs", async () => {
    const middle = "middle line 漢字\r\n".repeat(40);
    const content = `\uFEFF// 日本 😀\r\nconst é = "👩‍🚀";\r\n${middle}export default é; // 終わり😀\r\n`;
    const path = inWorkspace("marked.ts");
    await writeFile(path, content);
    const document = await vscode.workspace.openTextDocument(path);
    const attribution = seen(new TextEncoder().encode(content), 44, 40);
    assert.ok(attribution.gap !== null);
    const spans = wholeReader([attribution]).find(textOfDocument(document))?.tokens.spans ?? [];
    assert.ok(spans.length > 40);
    const texts = spans.map((span) => document.getText(rangeOf(document, span)));
    for (const [index, text] of texts.entries()) {
      assert.equal([...text].length, 1);
      // Characters that the edge of a window cuts have only part of their bytes.
      const whole = index > 0 && index < spans.length - 1;
      if (whole && !"漢字".includes(text)) assert.equal(spans[index]?.value, bytesOf(text), text);
    }
    assert.equal(texts.slice(0, 6).join(""), "// 日本 ");
    assert.equal(texts.at(-1), "😀");
    assert.equal(document.positionAt(spans.at(-1)?.start ?? 0).line, document.lineCount - 2);
  });

  it("is explained by a model that reads bytes, coloured in its editor, until it changes", async () => {
    const document = await vscode.workspace.openTextDocument(uriOf("code", "queue.ts"));
    const editor = await vscode.window.showTextDocument(document);
    const panel = await explain("code", "queue.ts");
    const explanation = explanationOf(panel);
    assert.equal(explanation.target.label, "typescript");
    assert.equal(explanation.status, "converged");
    const [attribution] = explanation.attributions;
    assert.ok(attribution?.kind === "text");
    const { highlights } = await services();
    const painted = (): number => highlights.painted(document).length;
    const all = await until("its characters are coloured", painted);
    assert.ok(all > 100);
    await changed.set("editorHighlights", false);
    await until("the setting turns them off", () => painted() === 0);
    await changed.set("editorHighlights", true);
    await until("and on", () => painted() === all);
    await vscode.window.showTextDocument(document, editor.viewColumn);
    await vscode.window.activeTextEditor?.edit((edit) => edit.insert(new vscode.Position(0, 0), "x"));
    await until("a change takes them away", () => painted() === 0);
    await vscode.commands.executeCommand("undo");
    await until("undoing it brings them back", () => painted() === all);
  });

  it("of a known kind is still a sample of the model for that kind", async () => {
    const panel = await explain("scenes", "0007.png");
    assert.equal(panel.subject?.model.name, "digit-scenes");
    assert.equal(panel.subject?.sample.kind, "image");
  });

  it("that no data set lists is read by the only model that reads any file", async () => {
    const panel = await explain("digits.py");
    assert.equal(panel.subject?.model.name, "file-type");
    assert.equal(panel.subject?.sample.kind, "file");
    assert.equal(explanationOf(panel).target.label, "python");
  });
});
