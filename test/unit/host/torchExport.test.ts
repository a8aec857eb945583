import assert from "node:assert/strict";
import test from "node:test";
import { torchRecipe } from "../../../src/host/torchExport.ts";

/** The source with the recipe in it, as the edit would leave it. */
function applied(source: string, line: number): string {
  const recipe = torchRecipe(source, line);
  assert.ok(recipe, "there is a recipe");
  const eol = source.includes("\r\n") ? "\r\n" : "\n";
  const lines = source.split(eol);
  lines[recipe.line] += recipe.text;
  if (recipe.importLine !== null) lines.splice(recipe.importLine, 0, "import copy");
  return lines.join(eol);
}

function exported(model: string, file: string, example = "(example,)"): string {
  return `torch.onnx.export(copy.deepcopy(${model}).cpu().eval(), ${example}, "${file}", input_names=["input"], output_names=["output"], dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})`;
}
const example = "example = torch.randn(2, 3, 224, 224)  # two samples in the shape that the model takes";

test("after torch.save of a state: the model's name, the file's name, the import", () => {
  const source = 'import torch\n\ntorch.save(model.state_dict(), "resnet.pt")\nprint("done")\n';
  assert.equal(
    applied(source, 2),
    `import copy\nimport torch\n\ntorch.save(model.state_dict(), "resnet.pt")\n${example}\n${exported("model", "resnet.onnx")}\nprint("done")\n`,
  );
});

test("indentation and line ends stay, a call over several lines is one statement", () => {
  const source = [
    "from __future__ import annotations",
    "import copy, torch",
    "for epoch in range(3):",
    "    if best:",
    "        torch.save(",
    "            {  # everything",
    '                "optimizer": optimizer.state_dict(),',
    '                "model": net.module.state_dict(),  # DDP (wrapped)',
    "            },",
    '            f"{epoch}.pt",',
    "        )",
    "    step()",
  ].join("\r\n");
  for (const line of [4, 7, 10]) {
    const lines = applied(source, line).split("\r\n");
    assert.equal(lines[11], `        ${example}`);
    assert.equal(lines[12], `        ${exported("net.module", "model.onnx")}`);
    assert.equal(lines[13], "    step()");
  }
  assert.equal(torchRecipe(source, 11), undefined);
  assert.equal(torchRecipe(source, 4)?.importLine, null);
});

test("an export has its sample already", () => {
  const source = 'import torch, copy\ntorch.onnx.export(model, (ids, mask), "bert.onnx", opset_version=17)';
  const result = applied(source, 1);
  assert.ok(result.includes("example = (ids, mask)  #"));
  assert.ok(result.endsWith(exported("model", "bert-pathlight.onnx", "example")));
  const single = applied("import torch, copy\ntorch.onnx.export(net, x.to(device), f=path)", 1);
  assert.ok(single.includes("example = x.to(device)  #"));
  assert.ok(single.endsWith(exported("net", "model.onnx")));
});

test("keywords, subscripts and calls as the model", () => {
  const model = (line: string): string | undefined => torchRecipe(`import torch\n${line}`, 1)?.model;
  assert.equal(model('torch.save(obj=self.net, f="a.pt")'), "self.net");
  assert.equal(model('torch.save(models["a"].state_dict(), "a.pt")'), 'models["a"]');
  assert.equal(model("torch.save(net if best else other, path)"), "(net if best else other)");
  assert.equal(model('torch.save(dict(m=model.state_dict()), "a.pt")'), "model");
});

test("a statement that goes on behind a backslash is not cut", () => {
  const source = 'import torch, copy\ntorch.save(model, "a.pt") \\\n    if best else None\nx = 1';
  assert.ok(applied(source, 1).includes(`if best else None\n${example}\n`));
});

test("comments, strings, other names and unfinished calls offer nothing", () => {
  for (const line of [
    "# torch.save(model, path)",
    's = "torch.save(model, path)"',
    "my_torch.save(model, path)",
    "torch.save(model, ",
    "torch.load(path)",
    'torch.save({"epoch": 3}, path)',
    "torch.save()",
  ]) {
    assert.equal(torchRecipe(`import torch\n${line}\n`, 1), undefined, line);
  }
});
