import { type CommandSpec, helpOption } from "../optionSpec.ts";

export const doctorSpec: CommandSpec = {
  name: "doctor",
  summary: "Show what can compute here, what is missing, and the command that would mend it.",
  usage: "pathlight doctor [--install] [--json]",
  options: [
    {
      name: "install",
      help: "Fetch TensorFlow by pip into Pathlight's own folder and build the binding (needs Python and a C++ compiler). Your Python environment is left as it is.",
    },
    { name: "json", help: "Print the findings as JSON." },
    helpOption,
  ],
  notes: ["Exit codes: 0 done, 2 the installation failed or the options are wrong."],
  examples: [
    { what: "What computes here, and why not something faster?", command: "pathlight doctor" },
    { what: "Get the native TensorFlow", command: "pathlight doctor --install" },
  ],
};
