// Writes docs/operators.md. Usage: npm run docs
import { writeFile } from "node:fs/promises";
import { operatorsFile, operatorsMarkdown } from "./operatorsMarkdown.ts";

await writeFile(operatorsFile, await operatorsMarkdown());
console.log(operatorsFile);
process.exit(0);
