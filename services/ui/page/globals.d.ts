/** What the compiler cannot know by itself of where the page runs. */

/** What Vite makes of an import of a picture: the address of a file with a hash in its name. */
declare module '*.svg' {
  const url: string;
  export default url;
}

/** Trusted Types, where the browser has them; TypeScript's own library does not name them yet. */
declare var trustedTypes:
  | {
      createPolicy(
        name: string,
        rules: { createHTML(html: string): string },
      ): { createHTML(html: string): TrustedHTML };
    }
  | undefined;
