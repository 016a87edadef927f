/** The few icons, drawn in one stroke width; always decoration beside or instead of a label that is there as text. */
const paths = {
  send: 'M4 12l16-8-6 16-3-7-7-1z',
  edit: 'M4 20l1-4L16 5l3 3L8 19l-4 1zM14 7l3 3',
  trash: 'M5 7h14M9 7V5h6v2M7 7l1 13h8l1-13M10 11v5M14 11v5',
  down: 'M12 5v14M6 13l6 6 6-6',
  menu: 'M4 7h16M4 12h16M4 17h16',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-3.3 2.7-5.5 6-5.5s6 2.2 6 5.5M16 4.5a3.5 3.5 0 0 1 0 6.5M17.5 14.8c2.1.8 3.5 2.7 3.5 5.2',
  close: 'M6 6l12 12M18 6L6 18',
  alert: 'M12 4l9 16H3l9-16zM12 10v4M12 17v.5',
  again: 'M20 12a8 8 0 1 1-2.3-5.6L20 8.5M20 4v4.5h-4.5',
  leave: 'M14 4h5v16h-5M4 12h11M11 8l4 4-4 4',
} as const;

export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
