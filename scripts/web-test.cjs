// Uses the page as a person does. Every step waits for what it must bring about, never for a time.
const fs = require("fs");
const http = require("http");
const path = require("path");
const { execFileSync } = require("child_process");
const { chromium } = require("playwright-core");

const { PAGE, PICTURES, PROGRAM, CHROMIUM } = process.env;
const PATIENCE = 120_000; // milliseconds: a picture takes seconds where the processor draws
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

const server = http.createServer((request, response) => {
  const name = new URL(request.url, "http://page").pathname.replace(/\/$/, "/index.html");
  const file = path.join(PAGE, path.normalize(name));
  if (name === "/favicon.ico") return response.writeHead(204).end();
  if (!fs.existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": TYPES[path.extname(file)] ?? "application/octet-stream" });
  fs.createReadStream(file).pipe(response);
});

function check(what, holds) {
  if (!holds) throw new Error(`does not hold: ${what}`);
  console.log(`ok: ${what}`);
}

async function main() {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const address = `http://127.0.0.1:${server.address().port}/`;
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
      "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    ],
  });
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const wrong = [];
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("requestfailed", (request) => wrong.push(`${request.url()}: ${request.failure()?.errorText}`));
    const named = (name, role) => page.locator(`#names [aria-label="${name}"]${role ? `[role=${role}]` : ""}`).first();
    const has = (name) => named(name).waitFor({ state: "attached" });
    const starting = (text) => page.locator(`#names [aria-label^="${text}"]`).first();
    const middle = async (locator) => {
      await locator.waitFor({ state: "attached" });
      const box = await locator.boundingBox();
      return [box.x + box.width / 2, box.y + box.height / 2];
    };
    const click = async (name, role) => page.mouse.click(...(await middle(named(name, role))));
    const time = async () => starting("t = ").getAttribute("aria-label");
    const changed = async (read, before) => {
      const end = Date.now() + PATIENCE;
      for (;;) {
        const now = await read();
        if (now !== before) return now;
        if (Date.now() > end) throw new Error(`nothing changed: ${String(before).slice(0, 80)}`);
        await page.waitForTimeout(50);
      }
    };
    const seen = async () => (await page.screenshot()).toString("base64");
    const picture = async (name) => page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
    const drop = async (name, content) => {
      const data = await page.evaluateHandle(([name, content]) => {
        const data = new DataTransfer();
        data.items.add(new File([content], name));
        return data;
      }, [name, content]);
      await page.dispatchEvent("#dispatchlab", "drop", { dataTransfer: data });
    };

    await page.goto(`${address}?accessible&input=stallings&policy=round-robin:quantum=2ms`);
    await has("Step to the next event");
    await has("stallings");
    await picture("1-opened");
    if (PROGRAM) {
      const out = execFileSync(PROGRAM, ["run", "stallings", "--policy", "round-robin:quantum=2ms", "--format", "json"]);
      const digest = JSON.parse(out).digest;
      check(`the digest is the command line's, ${digest}`, (await named(`digest ${digest}`).count()) === 1);
    } else {
      console.log("did not run: the digest against the command line's: `dispatchlab` is not built");
    }

    let before = await seen();
    const start = await time();
    await click("Step to the next event", "button");
    const stepped = await changed(time, start);
    check(`a step moves time: ${start} to ${stepped}`, true);
    await changed(seen, before);
    await click("Step back", "button");
    check("a step back takes it back", (await changed(time, stepped)) === start);
    await click("Step to the next event", "button");
    await changed(time, start);
    await picture("2-stepped");

    before = await seen();
    await page.mouse.move(800, 260);
    await page.mouse.wheel(0, -400);
    await changed(seen, before);
    check("the wheel zooms", true);
    await picture("3-zoomed");

    before = await seen();
    await page.keyboard.press("Control+k");
    await has("Type a command");
    check("Ctrl+K opens the palette", true);
    await changed(seen, before);
    await picture("4-palette");
    await page.keyboard.press("Escape");
    await named("Type a command").waitFor({ state: "detached" });

    await drop("two.csv", "task,arrival,cpu\nA,0,2\nB,1,2\n");
    await has("two");
    check("a dropped task list runs", true);
    await drop("rubbish.bin", "\u0000\u0001\u0002 rubbish");
    await starting("rubbish.bin: ").waitFor({ state: "attached" });
    check("dropped rubbish is told, and what is open stays", (await named("two").count()) > 0);
    await picture("5-dropped");

    await page.keyboard.press("Control+e");
    await has("Write");
    const [download] = await Promise.all([page.waitForEvent("download"), click("Write", "button")]);
    const text = fs.readFileSync(await download.path(), "utf8");
    check(`an export is downloaded as ${download.suggestedFilename()}`, text.startsWith("scenario,policy,"));

    await page.keyboard.press("Control+b");
    await page.keyboard.press("Control+Enter");
    await has("response/mean");
    check("replications run between frames", true);
    await picture("6-replications");

    await page.goto(`${address}?accessible&input=stallings&race=srtf&show=race`);
    await has("srtf");
    await click("▶ Run them all", "button");
    await has("★ srtf");
    check("replications of a race run between frames", true);
    await picture("7-race");
    await click("Report …", "button");
    await has("Write");
    const [report] = await Promise.all([page.waitForEvent("download"), click("Write", "button")]);
    const html = fs.readFileSync(await report.path(), "utf8");
    const command = "dispatchlab compare --html=report.html --policy=srtf --replications=30 -- stallings";
    check(`its report is downloaded as ${report.suggestedFilename()}`, html.includes(command));
    const long = [
      'name = "long"', "seed = 1", "stop = { jobs = 5_000_000 }",
      "[[class]]", 'name = "a"', 'steps = [{ work = "cpu", demand = { exponential = { mean = "1ms" } } }]',
      "[[source]]", 'name = "s"', 'class = "a"', 'arrivals = { poisson = "900/s" }',
      "[[processor]]", 'name = "cpu"', "cores = 1", 'scheduler = "fcfs"', "",
    ];
    await drop("long.toml", long.join("\n"));
    await starting("the run is too long for this page").waitFor({ state: "attached" });
    check("a run that is too long for a page is told", true);

    // What is kept is written every two seconds.
    const kept = (word) =>
      page.waitForFunction((word) => Object.values(localStorage).some((value) => value.includes(word)), word);
    before = await seen();
    await page.keyboard.press("F9");
    await changed(seen, before);
    await kept("tone:Dark");
    await page.goto(`${address}?accessible&language=de&input=convoy`);
    await has("Zum nächsten Ereignis");
    await kept("language:German");
    await page.goto(`${address}?accessible`);
    await starting("Bibliothek").waitFor({ state: "attached" });
    await kept("tone:Dark");
    check("language and look are kept", true);
    await picture("8-again");

    check(`no error was logged: ${JSON.stringify(wrong)}`, wrong.length === 0);
  } finally {
    await browser.close();
    server.close();
  }
  console.log(`pictures: ${PICTURES}`);
}

main().catch((error) => {
  console.error(`failed: ${error.message}`);
  process.exit(1);
});
