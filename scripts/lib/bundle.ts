/**
 * One bundled file of each entry point, with a source map for our own code. release.ts calls it.
 *
 * The same source gives the same bytes wherever the checkout lies. Packages are left out of the map:
 * with them Node holds 60 MB more in every instance, for line numbers that are readable without,
 * as bundles are never minified.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const options = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  sourcemap: 'linked',
  // Names and lines are enough for a stack trace.
  sourcesContent: false,
  write: false,
  logLevel: 'silent',
  // A snapshot's packages are a link to the checkout's: by their real path they would have other names.
  preserveSymlinks: true,
  // CommonJS packages inside the bundle ask for Node's own modules by require().
  banner: {
    js: "import { createRequire as createRequireOf } from 'node:module';\nconst require = createRequireOf(import.meta.url);",
  },
} satisfies BuildOptions;

/** A map that says nothing, in place of the one esbuild would make (its issues 1685 and 4130). */
const emptyMap = Buffer.from('{"version":3,"sources":["package"],"mappings":"AAAA"}').toString(
  'base64',
);

const packagesWithoutMap: Plugin = {
  name: 'packages without map',
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/.*\.(c?js|mjs|json)$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const code = path.endsWith('.json') ? `module.exports = ${text}` : text;
      const comment = `//# sourceMappingURL=data:application/json;base64,${emptyMap}`;
      return { contents: `${code}\n${comment}`, loader: 'js' };
    });
  },
};

/** `entryPoints`: from the name in the folder, without its ending, to the source file. */
export async function bundle(
  checkout: string,
  folder: string,
  entryPoints: Record<string, string>,
): Promise<void> {
  // Maps name their sources relative to the bundle: so as if that lay at a fixed place in the checkout.
  const outdir = join(checkout, 'release');
  const { outputFiles } = await build({
    ...options,
    absWorkingDir: checkout,
    outdir,
    entryPoints,
    // Of the same snapshot, which is not where the packages' own link leads.
    alias: { '@microflack/common': join(checkout, 'common') },
    plugins: [packagesWithoutMap],
  });
  for (const { path, contents } of outputFiles) {
    const file = join(folder, path.slice(outdir.length));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
}
