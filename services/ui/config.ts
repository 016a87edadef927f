/** What a ui instance is told from outside: the base of every service, and where the page's other releases lie. */
import { defineSettings } from '@microflack/common/config.ts';
import { z } from 'zod';

export const settings = defineSettings({
  /** A folder for each release, of which `public/assets` is handed out too (other-releases.ts). */
  RELEASES_FOLDER: z.string().optional(),
});

export type UiSettings = z.output<typeof settings>;
