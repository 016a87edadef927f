/** A person's square: initials on one of a few tones, the same for everybody who looks. Decoration: the name stands beside. */
const tones = 8;

interface AvatarProps {
  readonly id: number;
  readonly name: string;
  readonly online?: boolean | undefined;
}

export function Avatar({ id, name, online }: AvatarProps) {
  return (
    <span className={`avatar tone-${id % tones}`} aria-hidden="true">
      {initials(name)}
      {online !== undefined && <span className={online ? 'presence online' : 'presence'} />}
    </span>
  );
}

/** By characters as people see them: an emoji or a CJK name has one, too. */
function initials(name: string): string {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const first = words.slice(0, 2).map((word) => [...characters.segment(word)][0]?.segment ?? '');
  return (
    first.every((c) => /\p{Script=Latin}/u.test(c)) ? first.join('') : (first[0] ?? '')
  ).toUpperCase();
}

const characters = new Intl.Segmenter();
