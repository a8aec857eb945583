import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import * as vscode from "vscode";
import { measure } from "./measured.ts";
import {
  AnswerGate,
  closePanels,
  explainRow,
  explanationOf,
  inWorkspace,
  panelOf,
  Settings,
  services,
  until,
  uriOf,
} from "./support.ts";

/** Emoji, ideographs and escapes stand before and between the words; \u0057 is a W. */
const unicode = String.raw`{"note":"漢字 😀 \"x\"","question":"😀漢字 👩‍🚀 \u0057ho wrote \"Hamlet\", please\u003f","type":"human"}`;
const FOLDER = "typing";
const words = ["Who", "wrote", "Hamlet", "please", "?"];

/** A file of the folder in which every text is a question. */
async function openFile(name: string, text: string): Promise<vscode.TextEditor> {
  await writeFile(inWorkspace(FOLDER, name), text);
  const document = await vscode.workspace.openTextDocument(uriOf(FOLDER, name));
  return vscode.window.showTextDocument(document, vscode.ViewColumn.One);
}

/** The characters that are coloured, in order. */
async function coloured(document: vscode.TextDocument): Promise<string[]> {
  const { highlights } = await services();
  return highlights.painted(document).map(({ range }) => document.getText(range));
}

async function lensesOf(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
  return vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", document.uri, 500);
}

async function titlesAt(document: vscode.TextDocument, line: number): Promise<string[]> {
  const lenses = (await lensesOf(document)).filter(({ range }) => range.start.line === line);
  return lenses.flatMap(({ command }) => (command === undefined ? [] : [command.title]));
}

/** Replaces the only occurrence of a text, as a user who types does. */
async function replace(editor: vscode.TextEditor, old: string, by: string): Promise<void> {
  const { document } = editor;
  const at = document.getText().indexOf(old);
  assert.ok(at >= 0, `${old} is in the document`);
  const range = new vscode.Range(document.positionAt(at), document.positionAt(at + old.length));
  assert.ok(await editor.edit((edit) => edit.replace(range, by)));
}

const asText = (part: string): string => JSON.parse(`"${part}"`) as string;

describe("in the editor", () => {
  const changed = new Settings();

  afterEach(async () => {
    await vscode.commands.executeCommand("workbench.action.files.revert");
    await closePanels();
    await changed.restore();
  });

  it("the words of a row are coloured at their very characters, behind emoji, ideographs and escapes", async () => {
    const { document } = await openFile("placed.jsonl", `{"question":"Where is Oslo?"}\r\n${unicode}\r\n`);
    const explanation = explanationOf(await explainRow(1, FOLDER, "placed.jsonl"));
    const [attribution] = explanation.attributions;
    assert.ok(attribution?.kind === "text");
    const { highlights } = await services();
    const painted = await until("they are coloured", () => {
      const now = highlights.painted(document);
      return now.length > 0 && now;
    });
    const texts = painted.map(({ range }) => document.getText(range));
    assert.ok(texts.includes(String.raw`\u0057ho`), `an escape is coloured as a whole: ${texts.join(" ")}`);
    assert.ok(texts.includes("please"));
    let reached = new vscode.Position(0, 0);
    for (const [index, { range, value }] of painted.entries()) {
      assert.ok(range.start.isAfterOrEqual(reached));
      reached = range.end;
      const word = asText(texts[index] ?? "");
      // The model's tokens are the truth: where in its text each stands, and what it is worth.
      const at = attribution.tokens.findIndex(
        (token, i) =>
          attribution.text.slice(token.start, token.end) === word &&
          Math.abs((attribution.values[i] ?? 0) - value) < 1e-6,
      );
      assert.ok(at >= 0, `${word} has its own value`);
      assert.equal(range.start.line, 1);
    }
    const known = texts.map(asText).filter((text) => words.includes(text));
    assert.deepEqual(
      known,
      words.filter((word) => known.includes(word)),
    );
    assert.ok(known.length >= 3, known.join(" "));
  });

  it("a hover says what a word is worth, and the lens over the row sums it up and leads to the panel", async () => {
    const { document } = await openFile("hover.jsonl", unicode);
    const panel = await explainRow(0, FOLDER, "hover.jsonl");
    await until("it is coloured", async () => (await coloured(document)).length > 0);
    const at = document.positionAt(document.getText().indexOf("please") + 2);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider",
      document.uri,
      at,
    );
    const text = hovers
      .flatMap(({ contents }) => contents)
      .map((content) => (typeof content === "string" ? content : content.value))
      .join("\n")
      .replaceAll("&nbsp;", " ");
    assert.match(text, /[+−]\d[.\d]* ± \d/);
    assert.match(text, /\d\u202f% of the change · rank \d+ of \d+/);
    assert.match(text, /token please, id \d+/);
    const lens = await until("its summary stands over it", async () =>
      (await lensesOf(document)).find(({ command }) => command?.command === "pathlight.openExplanation"),
    );
    assert.match(
      lens.command?.title ?? "",
      /^human >?0\.\d\d · ".+" [+−][\d.]+ · ".+" [+−][\d.]+ · error [<\d.]+\u202f%$/,
    );
    assert.deepEqual(lens.command?.arguments, [panel.current]);
  });

  it("colours and summary go at once when the text changes, and come back with undo and redo", async () => {
    const editor = await openFile("stale.jsonl", `{"question":"Where is Oslo?"}\n${unicode}\n`);
    const { document } = editor;
    await explainRow(1, FOLDER, "stale.jsonl");
    const before = await until("it is coloured", async () => {
      const now = await coloured(document);
      return now.length > 0 && now;
    });
    const events: string[] = [];
    const { highlights } = await services();
    const listening = [
      vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.document === document && event.contentChanges.length > 0) events.push("changed");
      }),
      highlights.onDidChange(() => events.push(highlights.painted(document).length > 0 ? "coloured" : "plain")),
    ];
    await replace(editor, "wrote", "has written");
    assert.deepEqual(await coloured(document), []);
    assert.deepEqual(events.splice(0).toSorted(), ["changed", "plain"], "in the same turn as the change");
    assert.deepEqual(await titlesAt(document, 1), ["$(pulse) Explain"], JSON.stringify(await lensesOf(document)));
    await vscode.commands.executeCommand("undo");
    await until("they are back", async () => (await coloured(document)).length > 0);
    assert.deepEqual(await coloured(document), before);
    assert.equal((await titlesAt(document, 1)).length, 2);
    await vscode.commands.executeCommand("redo");
    await until("and gone", async () => (await coloured(document)).length === 0);
    await vscode.commands.executeCommand("undo");
    await until("and back", async () => (await coloured(document)).length > 0);
    // Elsewhere: above, in another column of the row, below.
    await replace(editor, "Where is Oslo?", "Where is Lima, and why?");
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '{"question":"new"}\n'));
    await replace(editor, "漢字 😀 ", "another note ");
    assert.deepEqual(await coloured(document), before);
    assert.equal(highlights.painted(document)[0]?.range.start.line, 2);
    assert.equal((await titlesAt(document, 2)).length, 2);
    for (const one of listening) one.dispose();
  });

  it("a result that comes for a text which has changed meanwhile is not painted, and one that has moved is", async () => {
    const editor = await openFile("running.jsonl", `${unicode}\n{"question":"Where is Oslo?"}\n`);
    const { document } = editor;
    // The workbench of a browser saves by itself, and a row that changed on disk too would be another test.
    await changed.setAny("files.autoSave", "off");
    const { compute, highlights, panels } = await services();
    const paints: string[][] = [];
    const listening = highlights.onDidChange(() =>
      paints.push(highlights.painted(document).map(({ range }) => document.getText(range))),
    );
    const gate = new AnswerGate(compute, "explain");
    try {
      const running = explainRow(0, FOLDER, "running.jsonl");
      await until("the row as it was is explained", () => gate.held === 1);
      await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '{"question":"above"}\n'));
      await replace(editor, "please", "pretty please");
      assert.equal(panels.all[0]?.phase, "running", "nobody has its result yet");
      gate.open();
      assert.equal((await running).phase, "done");
    } finally {
      gate.open();
      listening.dispose();
    }
    assert.deepEqual(await coloured(document), []);
    assert.deepEqual(paints.flat(), [], "nor for a moment");
    await vscode.commands.executeCommand("undo");
    const texts = await until("the text that was explained is back, one line further down", async () => {
      const now = await coloured(document);
      return now.length > 0 && now;
    });
    assert.ok(texts.includes("please"));
    const lines = new Set(highlights.painted(document).map(({ range }) => range.start.line));
    assert.deepEqual([...lines], [1], document.getText());
  });

  it("a document that is closed, changed on disk and opened again has colours only where the text still is", async () => {
    const { document } = await openFile("reopened.jsonl", `${unicode}\n`);
    await explainRow(0, FOLDER, "reopened.jsonl");
    const before = await until("it is coloured", async () => {
      const now = await coloured(document);
      return now.length > 0 && now;
    });
    // The editor takes over what is on disk: two rows more above.
    await writeFile(inWorkspace(FOLDER, "reopened.jsonl"), `{"question":"a"}\n{"question":"b"}\n${unicode}\n`);
    await until("the document is the new one", () => document.lineCount === 4);
    assert.deepEqual(await coloured(document), before);
    await writeFile(inWorkspace(FOLDER, "reopened.jsonl"), `{"question":"a"}\n${unicode.replace("wrote", "read")}\n`);
    await until("the row is another one", () => document.getText().includes("read"));
    assert.deepEqual(await coloured(document), []);
  });

  it("a string literal is coloured in the code it stands in, escapes and all", async () => {
    const { document } = await openFile("ask.py", String.raw`print("😀", ask("\u0057ho wrote \"Hamlet\",\nplease?"))`);
    const literal = String.raw`"\u0057ho wrote \"Hamlet\",\nplease?"`;
    const start = document.getText().indexOf(literal);
    const editor = await vscode.window.showTextDocument(document);
    editor.selection = new vscode.Selection(document.positionAt(start), document.positionAt(start + literal.length));
    await vscode.commands.executeCommand("pathlight.explainSelection");
    const texts = await until("it is coloured", async () => {
      const now = await coloured(document);
      return now.length > 0 && now;
    });
    assert.ok(texts.includes("please"), texts.join(" "));
    for (const text of texts)
      assert.ok(["Who", "wrote", '"', "Hamlet", ",", "please", "?"].includes(asText(text)), text);
    const lens = await lensesOf(document);
    assert.equal(lens.filter(({ command }) => / · error /.test(command?.title ?? "")).length, 1);
    await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
  });

  it("cells of a table that are quoted and go over several lines, and lines of a text", async () => {
    const cell = '"Who wrote ""Hamlet"",\nplease?"';
    const table = await openFile("cells.csv", `id,question\n1,${cell}\n2,Where is Oslo?\n`);
    await explainRow(0, FOLDER, "cells.csv");
    const texts = await until("the cell is coloured", async () => {
      const now = await coloured(table.document);
      return now.length > 0 && now;
    });
    assert.ok(texts.includes("please"), texts.join(" "));
    for (const text of texts) assert.ok(["Who", "wrote", '""', "Hamlet", ",", "please", "?"].includes(text), text);
    const lines = await openFile("lines.txt", "Where is Oslo?\n\n漢字 Who wrote Hamlet, please?\n");
    lines.selection = new vscode.Selection(2, 5, 2, 5);
    await vscode.commands.executeCommand("pathlight.explainRow");
    await panelOf(inWorkspace(FOLDER, "lines.txt"), 1);
    const inLine = await until("the line is coloured", async () => {
      const now = await coloured(lines.document);
      return now.length > 0 && now;
    });
    assert.ok(inLine.includes("please"), inLine.join(" "));
    assert.ok((await titlesAt(lines.document, 2)).some((title) => / · error /.test(title)));
  });

  it("a file that is not UTF-8, or is opened as what it is not, has colours only where the text is the same", async () => {
    const rows = '{"question":"漢字 Who wrote Hamlet, please?"}\n{"question":"Who wrote Emma, please?"}\n';
    const wide = inWorkspace(FOLDER, "wide.jsonl");
    await writeFile(wide, Buffer.from(`\uFEFF${rows}`, "utf16le"));
    const utf16 = await vscode.workspace.openTextDocument(vscode.Uri.file(wide));
    await vscode.window.showTextDocument(utf16, vscode.ViewColumn.One);
    assert.ok(utf16.getText().startsWith('{"question":"漢字'), "the editor reads its mark");
    await explainRow(0, FOLDER, "wide.jsonl");
    await until("UTF-16 is coloured", async () => (await coloured(utf16)).includes("please"));
    await writeFile(inWorkspace(FOLDER, "misread.jsonl"), rows);
    const misread = await vscode.workspace.openTextDocument(uriOf(FOLDER, "misread.jsonl"), {
      encoding: "windows1252",
    });
    await vscode.window.showTextDocument(misread, vscode.ViewColumn.One);
    assert.ok(!misread.getText().includes("漢"), "the editor reads other characters");
    await explainRow(0, FOLDER, "misread.jsonl");
    await explainRow(1, FOLDER, "misread.jsonl");
    await until("the row that is the same in both is coloured", async () =>
      (await coloured(misread)).includes("please"),
    );
    const { highlights } = await services();
    const lines = new Set(highlights.painted(misread).map(({ range }) => range.start.line));
    assert.deepEqual([...lines], [1]);
  });

  it("a file that is renamed takes no colours along that could be another text's", async () => {
    const { document } = await openFile("before.jsonl", `${unicode}\n`);
    await explainRow(0, FOLDER, "before.jsonl");
    await until("it is coloured", async () => (await coloured(document)).length > 0);
    const rename = new vscode.WorkspaceEdit();
    rename.renameFile(uriOf(FOLDER, "before.jsonl"), uriOf(FOLDER, "after.jsonl"));
    assert.ok(await vscode.workspace.applyEdit(rename));
    const renamed = await vscode.workspace.openTextDocument(uriOf(FOLDER, "after.jsonl"));
    assert.deepEqual(await coloured(renamed), []);
    await writeFile(inWorkspace(FOLDER, "before.jsonl"), '{"question":"Where is Oslo?"}\n');
    const other = await vscode.workspace.openTextDocument(uriOf(FOLDER, "before.jsonl"));
    await until("the old name is another file", () => other.getText().includes("Oslo"));
    assert.deepEqual(await coloured(other), []);
  });

  it("other line ends in the editor than on disk, and a map that must not be read", async () => {
    const cell = '"Who wrote ""Hamlet"",\nplease?"';
    const { document } = await openFile("ends.csv", `id,question\n1,${cell}\n`);
    const editor = await vscode.window.showTextDocument(document);
    await editor.edit((edit) => edit.setEndOfLine(vscode.EndOfLine.CRLF));
    assert.ok(document.getText().includes(",\r\nplease"));
    await vscode.workspace.getConfiguration("pathlight").update("maxEvaluations", 1, vscode.ConfigurationTarget.Global);
    await vscode.workspace
      .getConfiguration("pathlight")
      .update("completeness.warnAbove", 0.0001, vscode.ConfigurationTarget.Global);
    try {
      await explainRow(0, FOLDER, "ends.csv").catch(() => undefined);
      const { highlights, panels } = await services();
      const { explanation } = (await until("it is explained", () => panels.active?.shown)) ?? {};
      assert.ok(explanation);
      const painted = await until("it is marked", () => {
        const now = highlights.painted(document);
        return now.length > 0 && now;
      });
      assert.ok(painted.some(({ range }) => document.getText(range) === "please"));
      for (const { look } of painted) assert.match(look, /^uncertain/, "a map of low trust has no colours");
      const lens = (await titlesAt(document, 1)).find((title) => / · error /.test(title));
      assert.match(lens ?? "", /^\$\(warning\) Low trust · human [>\d.]+ · error /);
    } finally {
      for (const name of ["maxEvaluations", "completeness.warnAbove"]) {
        await vscode.workspace.getConfiguration("pathlight").update(name, undefined, vscode.ConfigurationTarget.Global);
      }
    }
  });

  it("a row that is not saved yet is explained as it stands in the editor", async () => {
    const editor = await openFile("unsaved.jsonl", `{"question":"Where is Oslo?"}\n${unicode}\n`);
    const { document } = editor;
    // The workbench of a browser saves by itself.
    await changed.setAny("files.autoSave", "off");
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '{"question":"How many bones are there?"}\n'));
    await replace(editor, "wrote", "painted");
    assert.ok(document.isDirty);
    await vscode.commands.executeCommand("pathlight.explainRow", document.uri, 2);
    const texts = await until("it is coloured", async () => {
      const now = await coloured(document);
      return now.length > 0 && now;
    });
    assert.ok(texts.includes("please"), texts.join(" "));
    const { panels, highlights } = await services();
    const [attribution] = panels.active?.shown?.explanation.attributions ?? [];
    assert.ok(attribution?.kind === "text" && attribution.text.includes("painted"));
    assert.ok(highlights.painted(document).every(({ range }) => range.start.line === 2));
    assert.equal((await titlesAt(document, 2)).filter((title) => / · error /.test(title)).length, 1);
  });
});

describe("while typing", () => {
  /** The longest that the setting takes. */
  const LONGEST_PAUSE_MS = 10_000;
  const changed = new Settings();

  afterEach(async () => {
    await vscode.commands.executeCommand("pathlight.stopExplainingWhileTyping");
    await vscode.commands.executeCommand("workbench.action.files.revert");
    await closePanels();
    await changed.restore();
  });

  /** Starts the mode on a line, and waits for its first explanation. */
  async function startLive(name: string, text: string, line: number): Promise<vscode.TextEditor> {
    const editor = await openFile(name, text);
    const at = editor.document.lineAt(line).range.start;
    editor.selection = new vscode.Selection(at, at);
    await vscode.commands.executeCommand("pathlight.explainWhileTyping");
    const { live } = await services();
    await until("the first text is explained", () => live.state === "done");
    return editor;
  }

  async function liveTitle(document: vscode.TextDocument): Promise<string> {
    const found = (await lensesOf(document)).find(({ command }) => / Live · /.test(command?.title ?? ""));
    return found?.command?.title ?? "";
  }

  it("prediction and colours follow after a pause, and history has one explanation when it ends", async () => {
    const { live, highlights, history } = await services();
    await history.ready;
    // By name: once the history is full, one more is one less.
    const stored = () => history.records.filter(({ item }) => item.sample.includes("typed.jsonl")).length;
    const line = '{"note":"漢字 😀","question":"Who wrote Hamlet?"}';
    const editor = await startLive("typed.jsonl", `{"question":"a"}\n${line}\n`, 1);
    const { document } = editor;
    assert.match(await liveTitle(document), /human .*"Who" /);
    const events: string[] = [];
    const note = (event: string): void => {
      if (events.at(-1) !== event) events.push(event);
    };
    const listening = [
      vscode.workspace.onDidChangeTextDocument(({ contentChanges }) => {
        if (contentChanges.length > 0) note("typed");
      }),
      live.onDidChange(() => note(live.state)),
    ];
    // Letter by letter, as people type: one explanation, of what stands there at the end. Between the letters the pause is
    // one that no machine is too slow for.
    await changed.set("live.pause", LONGEST_PAUSE_MS);
    for (const [old, by] of [
      ["Who wrote Hamlet", "Whe wrote Hamlet"],
      ["Whe wrote", "Where wrote"],
    ] as const) {
      await replace(editor, old, by);
      assert.deepEqual(await coloured(document), [], "what is stale goes at once");
    }
    await changed.restore();
    assert.equal(live.state, "waiting");
    const started = performance.now();
    await replace(editor, "Where wrote Hamlet", "Where is Oslo");
    assert.deepEqual(await coloured(document), [], "what is stale goes at once");
    await until("the new text is explained", () => live.state === "done");
    measure("from the last letter to colours, with a pause of 300 ms, ms", performance.now() - started);
    assert.match(await liveTitle(document), /Live · .*location .*"Where" /);
    assert.deepEqual(
      events.slice(0, 2),
      ["waiting", "typed"].toSorted((a, b) => events.indexOf(a) - events.indexOf(b)),
    );
    assert.equal(events.filter((event) => event === "running").length, 1, events.join(" "));
    assert.equal(events.at(-1), "done");
    const texts = await coloured(document);
    assert.ok(texts.includes("Where"), texts.join(" "));
    assert.ok(
      highlights.painted(document).every(({ range }) => document.getText(range).length <= 5 && range.start.line === 1),
    );
    // Undone: the explanation from before is there without another run.
    await changed.set("live.pause", LONGEST_PAUSE_MS);
    for (let i = 0; i < 3; i++) await vscode.commands.executeCommand("undo");
    await until("the text from before is coloured", async () => (await coloured(document)).includes("Who"));
    assert.match(await liveTitle(document), /human .*"Who" /);
    assert.equal(events.filter((event) => event === "running").length, 1, events.join(" "));
    for (const one of listening) one.dispose();
    assert.equal(stored(), 0, "nothing is stored while it goes on");
    await vscode.commands.executeCommand("pathlight.stopExplainingWhileTyping");
    await until("one is stored when it ends", () => stored() === 1);
    assert.deepEqual(await coloured(document), []);
    assert.equal(live.state, "off");
  });

  it("says why nothing is explained, and goes on when it is mended", async () => {
    const { live } = await services();
    const editor = await startLive("broken.jsonl", '{"question":"Who wrote Hamlet?"}\n', 0);
    const { document } = editor;
    await replace(editor, '?"}', "?");
    assert.equal(live.state, "problem");
    assert.match(await liveTitle(document), /Live · The row is not valid JSON\./);
    assert.deepEqual(await coloured(document), []);
    await replace(editor, "Who wrote Hamlet?", 'Who painted it?"}');
    await until("it goes on", () => live.state === "done");
    assert.ok((await coloured(document)).includes("Who"));
    await replace(editor, "Who painted it?", "  ");
    assert.match(await liveTitle(document), /Live · The text is empty\./);
  });

  it("keeps target and baseline of the panel, and opens in it", async () => {
    const { live, panels } = await services();
    const name = "targets.jsonl";
    await openFile(name, '{"question":"Who wrote Hamlet?"}\n');
    const panel = await explainRow(0, FOLDER, name);
    await panel.set({ target: { kind: "label", label: "location" }, baseline: { kind: "name", name: "pad" } });
    const editor = await startLive(name, '{"question":"Who wrote Hamlet?"}\n', 0);
    assert.match(await liveTitle(editor.document), /human .* · for location · /);
    await replace(editor, "Who", "Where");
    await until("the new text is explained", () => live.state === "done");
    assert.match(await liveTitle(editor.document), / for location |location /);
    await vscode.commands.executeCommand("pathlight.openLive");
    const opened = panels.all.find(({ subject }) => subject?.sample.sample.kind === "text");
    const explanation = opened?.shown?.explanation;
    assert.equal(explanation?.target.label, "location");
    assert.deepEqual(explanation?.baseline.spec, { kind: "name", name: "pad" });
    const [attribution] = explanation?.attributions ?? [];
    assert.ok(attribution?.kind === "text");
    assert.equal(attribution.text, "Where wrote Hamlet?");
  });

  it("a literal in code, while lines come and go around it, and the document is closed", async () => {
    const { live } = await services();
    const editor = await openFile("live.py", 'x = 1\nask(b"x", "Who wrote \\"Hamlet\\"?")\n');
    const { document } = editor;
    const at = document.positionAt(document.getText().indexOf("Hamlet"));
    editor.selection = new vscode.Selection(at, at);
    await vscode.commands.executeCommand("pathlight.explainWhileTyping");
    await until("it is explained", () => live.state === "done");
    assert.ok((await coloured(document)).includes("Who"));
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), "# a comment\n"));
    assert.equal(live.state, "done", "an edit elsewhere is no reason to run again");
    assert.ok((await coloured(document)).includes("Who"));
    await replace(editor, "Hamlet", "Emma");
    await until("the new text is explained", () => live.state === "done");
    assert.ok((await coloured(document)).includes("Who"));
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    await until("the mode ends with its document", () => live.state === "off");
  });
});
