/** What a ui instance is told from outside: the base of every service, and nothing more. */
import { defineSettings } from '@microflack/common/config.ts';
import type { z } from 'zod';

export const settings = defineSettings({});

export type UiSettings = z.output<typeof settings>;
