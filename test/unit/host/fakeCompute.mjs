// Stands in for the compute process: speaks the channel's messages and misbehaves on request.
process.on("message", (message) => {
  if (message.kind === "cancel") {
    if (process.env.FAKE_DEAF !== "1") {
      process.send({ kind: "error", id: message.id, error: { code: "cancelled", message: "Cancelled.", details: {} } });
    }
    return;
  }
  const { id, method } = message;
  if (method === "hello") {
    const result = { version: "0", pid: process.pid, node: process.version };
    process.send({ kind: "result", id, result });
  } else if (method === "release") process.kill(process.pid, "SIGKILL");
  else if (method === "doctor")
    process.send({ kind: "result", id, result: { active: null, available: [], checks: [] } });
  // Everything else is never answered.
});
process.on("disconnect", () => process.exit(0));
