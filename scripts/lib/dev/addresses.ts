/**
 * Settings of a machine, as they hold on another one: addresses on its loopback, and where they are reached here. Pure.
 *
 * A service knows its parts by URLs (redis://…@127.0.0.1:PORT); `mf dev --vm` leads each of these ports
 * to one of this computer's, and tells the service of those instead.
 */
const loopbackAddress = /\b127\.0\.0\.1:(?<port>\d+)\b/g;

type Settings = Readonly<Record<string, string>>;

/** The ports of loopback that the settings name, each once. */
export function portsIn(settings: Settings): number[] {
  const named = Object.values(settings).flatMap((value) => [...value.matchAll(loopbackAddress)]);
  return [...new Set(named.map(({ groups }) => Number(groups?.port)))];
}

/** The same settings, with the port that `here` has for each. */
export function withPorts(
  settings: Settings,
  here: ReadonlyMap<number, number>,
): Record<string, string> {
  const moved = (_: string, port: string) => `127.0.0.1:${here.get(Number(port)) ?? port}`;
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      value.replaceAll(loopbackAddress, moved),
    ]),
  );
}
