import { mkdir } from "node:fs/promises";
import path from "node:path";
import { buildPanel, launch, openPanel, type Theme } from "./page.ts";

/** Pictures of the panel to look at: node --import tsx test/unit/webview/harness/shoot.ts FOLDER [scene:theme:width:height[:key…] …] */
const [folder = "out/panel", ...wanted] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const panel = await buildPanel(process.env["PICTURE"], process.env["PAGE"] === "inspect" ? "inspect" : "main");
const browser = await launch();
try {
  for (const shot of wanted) {
    const [scene = "reliable", theme = "dark", width = "960", height = "1100", ...steps] = shot.split(":");
    const page = await openPanel(browser, panel, {
      scene,
      theme: theme as Theme,
      width: Number(width),
      height: Number(height),
    });
    page.on("pageerror", (error) => console.error(shot, error));
    for (const step of steps) {
      if (step.startsWith("click=")) await page.locator(step.slice(6)).first().click();
      else await page.keyboard.press(step);
      await page.waitForTimeout(150);
    }
    const name = [scene, theme, width, ...steps.map((step) => step.replaceAll(/[^\w]/g, ""))].join("-");
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
    const posted = await page.evaluate(() =>
      JSON.stringify(window.posted.filter((message) => JSON.stringify(message).includes("panelError"))),
    );
    if (posted !== "[]") console.error(shot, posted.slice(0, 600));
    const violations = await page.evaluate(() => JSON.stringify(Reflect.get(window, "violations")));
    if (violations !== "[]") console.error(shot, violations.slice(0, 600));
    await page.close();
  }
} finally {
  await browser.close();
}
