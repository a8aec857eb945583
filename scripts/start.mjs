// npm start: installs, builds, explains two samples in the terminal and opens the sample workspace with the extension.
import { checkNode, ensureDependencies } from "./setup/dependencies.mjs";
import { answers, must, root, run, runTypeScript } from "./setup/run.mjs";

const explanations = [
  {
    title: "An image: which pixels made the model say so",
    args: [
      "--model",
      "samples/models/digit-scenes/model.json",
      "--input",
      "samples/scenes/0007.png",
      "--out",
      "out/start/image",
    ],
  },
  {
    title: "A question: which words made the model say so",
    args: [
      ...[
        "--model",
        "samples/models/question-classifier/model.json",
        "--input",
        "samples/questions.jsonl",
        "--row",
        "1",
      ],
      ...["--out", "out/start/text"],
    ],
  },
];

checkNode();
await ensureDependencies();
await must(process.execPath, ["scripts/build.mjs"]);
await runTypeScript("scripts/setup/installTensorFlow.ts");
for (const { title, args } of explanations) {
  console.log(`\n${title}`);
  await must(process.execPath, ["dist/cli.js", "explain", "--manifest", "samples/pathlight.json", ...args]);
}

const attached = process.stdin.isTTY && process.stdout.isTTY && !process.env.CI;
if (!attached || process.argv.includes("--terminal")) {
  console.log("\nOn a terminal, npm start now opens the sample workspace in VS Code.");
} else {
  await open();
}

async function open() {
  if (answers("code")) {
    console.log("\nOpening the sample workspace in VS Code");
    const shell = process.platform === "win32";
    if ((await run("code", [`--extensionDevelopmentPath=${root}`, "samples"], { shell })) === 0) return;
  }
  // Ctrl-C is for the workbench, which ends in order.
  process.on("SIGINT", () => {});
  if ((await runTypeScript("scripts/workbench/open.ts", ["samples"])) !== 0) {
    console.log(
      `Open it by hand: in VS Code, open ${root} and press F5, or run \`code --extensionDevelopmentPath=${root} samples\`.`,
    );
  }
}
