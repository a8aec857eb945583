export function installGradientRepairs(): void {}
