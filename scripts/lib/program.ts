/**
 * The shapes in which a stack's parts describe themselves.
 *
 * A part (parts/*.ts) says what to run and what must lie on disk before it runs; the stack turns
 * that into supervisor's configuration (supervisor.ts) and into folders and files. Nothing here
 * does anything: these are the words that both sides agree on.
 */

/** One program of the stack's supervisord. */
export interface Program {
  name: string;
  /** The program and its arguments, absolute, without the confinement around it. */
  command: string[];
  /** The unix user it runs as where the stack was started by root; otherwise everything is yours. */
  user: string;
  environment: Record<string, string>;
  /** What it sees of the stack's folder and the checkout; everything else there is hidden from it. */
  show: Shown[];
  /** Low numbers start first and stop last. */
  priority: number;
  /** How long it may take to end in order before it is killed. */
  stopWaitSecs: number;
  /** Share of the processor against the other programs (a cgroup's cpu.weight, 100 by default). */
  cpuWeight?: number;
}

export interface Shown {
  path: string;
  writable: boolean;
}

/** A folder that must exist before its program starts. */
export interface Folder {
  path: string;
  mode: number;
  user: string;
}

/** A file that must exist, with exactly this content, before its program starts. */
export interface File {
  path: string;
  content: string;
  mode: number;
  user: string;
}

/** Something the stack stands on that we did not write: Consul, MariaDB, Redis, HAProxy. */
export interface Part {
  program: Program;
  /** Parents come before their children. */
  folders: Folder[];
  files: File[];
  /** The version of the program that is installed, as `1.8.7`. */
  version(): Promise<string>;
  /** Resolves when the part is fit to serve; rejects with what was wrong when it takes too long. */
  ready(): Promise<void>;
}
