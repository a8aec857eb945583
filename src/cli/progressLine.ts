import type { AuditProgress } from "../protocol/audit.ts";
import type { ExplainEvent, SequenceEvent } from "../protocol/compute.ts";
import type { Explanation } from "../protocol/explanation.ts";
import { formatPercent, formatSeconds } from "../protocol/format.ts";
import { byStrength } from "../protocol/strength.ts";
import { relativeSumError } from "../protocol/verdict.ts";
import { predictionText } from "./predictionText.ts";
import type { Terminal } from "./terminal.ts";

const BAR = 24;

/**
 * What is going on, on standard error: on a terminal one line that is drawn over, elsewhere one line when it starts.
 * Call `end` before anything else is written there.
 */
export class ProgressLine {
  readonly #terminal: Terminal;
  #errors = "";
  #drawn = false;
  #announced = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  event(event: ExplainEvent): void {
    switch (event.type) {
      case "stage":
        if (this.#terminal.interactive) this.#draw(`${event.message}`);
        return;
      case "model":
        return;
      case "predicted":
        this.#announce(event.explanation);
        return;
      case "draft":
        this.#errors = errorsOf(event.explanation);
        this.#bar(event.running);
        return;
      case "progress":
        this.#bar(event.running);
    }
  }

  /** A written text is explained token by token. */
  sequence(event: SequenceEvent): void {
    if (!this.#terminal.interactive) return;
    const { cyan, dim } = this.#terminal.errColours;
    if (event.type === "stage") {
      this.#draw(event.message);
      return;
    }
    const part = Math.round((event.done / Math.max(1, event.of)) * BAR);
    const bar = cyan("█".repeat(part)) + dim("░".repeat(BAR - part));
    this.#draw(`${event.done} of ${event.of} tokens`, `${bar} `, BAR + 1);
  }

  /** How many points of the paths of two texts have been evaluated. */
  pairs(evaluations: number): void {
    if (this.#terminal.interactive) this.#draw(`Token pairs: ${evaluations} points of the paths`);
  }

  /** An audit says what it compares. */
  audit({ done, total, what, seconds }: AuditProgress): void {
    if (!this.#terminal.interactive) return;
    const part = total > 0 ? Math.round(Math.min(1, done / total) * BAR) : 0;
    const { cyan, dim } = this.#terminal.errColours;
    const bar = cyan("█".repeat(part)) + dim("░".repeat(BAR - part));
    this.#draw(`${done} of ${total} comparisons · ${what} · ${formatSeconds(seconds)}`, `${bar} `, BAR + 1);
  }

  /** Work that goes by stages, each from 0 to `total`. */
  stage({ stage, done, total }: { stage: string; done: number; total: number }): void {
    if (!this.#terminal.interactive) return;
    const part = total > 0 ? Math.round(Math.min(1, done / total) * BAR) : 0;
    const { cyan, dim } = this.#terminal.errColours;
    this.#draw(stage, `${cyan("█".repeat(part)) + dim("░".repeat(BAR - part))} `, BAR + 1);
  }

  end(): void {
    if (this.#drawn) this.#terminal.err("\r\u001b[K");
    this.#drawn = false;
  }

  #announce(explanation: Explanation): void {
    if (this.#announced) return;
    this.#announced = true;
    const { backend, predictions, sample, model, produced } = explanation;
    const first = [...predictions].sort(byStrength)[0];
    const says =
      produced !== undefined
        ? `: ${model.name} writes ${JSON.stringify(produced.text)}`
        : first === undefined
          ? ""
          : `: ${model.name} says ${predictionText(first)}`;
    this.end();
    this.#terminal.err(
      `Explaining ${sample.title}${says}, on ${backend.name} ${backend.version} (${backend.device})\n`,
    );
  }

  #bar({ evaluations, rounds, progress, seconds }: Extract<ExplainEvent, { type: "progress" }>["running"]): void {
    if (!this.#terminal.interactive) return;
    const done = progress === null ? 0 : Math.round(Math.min(1, Math.max(0, progress)) * BAR);
    const bar =
      this.#terminal.errColours.cyan("█".repeat(done)) + this.#terminal.errColours.dim("░".repeat(BAR - done));
    const figures = [
      `${evaluations} evaluations`,
      ...(rounds > 0 ? [`round ${rounds}`] : []),
      ...(this.#errors === "" ? [] : [this.#errors]),
      formatSeconds(seconds),
    ];
    this.#draw(figures.join(" · "), `${bar} `, BAR + 1);
  }

  /** `head` may hold colour codes and takes `headWidth` columns; `text` is cut so that the line never wraps. */
  #draw(text: string, head = "", headWidth = 0): void {
    const room = Math.max(0, this.#terminal.columns - headWidth - 1);
    this.#terminal.err(`\r${head}${text.slice(0, room)}\u001b[K`);
    this.#drawn = true;
  }
}

function errorsOf(explanation: Explanation): string {
  const sum = `sum off by ${formatPercent(relativeSumError(explanation))}`;
  return explanation.featureError === null ? sum : `${sum}, values by ${formatPercent(explanation.featureError)}`;
}
