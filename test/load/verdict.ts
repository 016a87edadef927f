/** What became of the messages: the pure judgement over what was acknowledged, what is in the room and who heard it. */
export interface Acknowledged {
  key: string;
  id: number;
  sentAt: number;
  answeredAt: number;
}

export interface Stored {
  key: string;
  id: number;
  /** Its place in the room. */
  seq: number;
  change: number;
}

export interface Verdict {
  lost: string[];
  doubled: string[];
  outOfOrder: string[];
  unheard: number;
}

/** `heard` has for each socket the changes that it heard of. */
export function judge(
  acknowledged: readonly Acknowledged[],
  room: readonly Stored[],
  heard: readonly ReadonlySet<number>[],
): Verdict {
  const places = new Map(room.map(({ id, seq }) => [id, seq]));
  const copies = Map.groupBy(room, ({ key }) => key);
  return {
    lost: acknowledged.filter(({ id }) => !places.has(id)).map(({ key }) => key),
    doubled: [...copies].filter(([, stored]) => stored.length > 1).map(([key]) => key),
    outOfOrder: overtaken(acknowledged, places),
    unheard: room.reduce(
      (sum, { change }) => sum + heard.filter((it) => !it.has(change)).length,
      0,
    ),
  };
}

/** Those that stand in the room before one that was acknowledged when they had not yet been sent. */
function overtaken(
  acknowledged: readonly Acknowledged[],
  places: ReadonlyMap<number, number>,
): string[] {
  const byAnswer = acknowledged.toSorted((a, b) => a.answeredAt - b.answeredAt);
  let answered = 0;
  let lastPlace = 0;
  const found: string[] = [];
  for (const { key, id, sentAt } of acknowledged.toSorted((a, b) => a.sentAt - b.sentAt)) {
    for (let next = byAnswer[answered]; next && next.answeredAt < sentAt; ) {
      lastPlace = Math.max(lastPlace, places.get(next.id) ?? 0);
      answered += 1;
      next = byAnswer[answered];
    }
    if ((places.get(id) ?? Number.POSITIVE_INFINITY) < lastPlace) found.push(key);
  }
  return found;
}
