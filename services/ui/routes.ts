/**
 * The page over HTTP: index.html, which is asked for anew each time, and files with a hash in their name, which are kept for
 * ever, those of other releases too. A file that is not there is a 404 and never the page: after an upgrade a browser must not take HTML for a script.
 */
import { join } from 'node:path';
import { methods } from '@microflack/common/http/server.ts';
import compression from 'compression';
import express, { type IRouter, type RequestHandler } from 'express';
import helmet from 'helmet';
import { otherReleases } from './other-releases.ts';

interface RouteTools {
  /** The built page. */
  readonly folder: string;
  readonly releasesFolder: string | undefined;
  readonly optionalServices: () => string[];
}

export function routes(app: IRouter, tools: RouteTools): void {
  const { folder, releasesFolder, optionalServices } = tools;
  app.use(securityHeaders(), compression());
  app.use('/assets', hashedFiles(join(folder, 'assets')), otherReleases(releasesFolder));
  methods(app, '/', { get: page(folder) });
  methods(app, '/services', {
    get: (_request, response) => {
      response.setHeader('cache-control', 'no-store');
      response.json({ services: optionalServices() });
    },
  });
}

/** Kept by browsers, but asked about each time: an unchanged page costs a 304. */
function page(folder: string): RequestHandler {
  return express.static(folder, {
    index: 'index.html',
    cacheControl: false,
    setHeaders: (response) => void response.setHeader('cache-control', 'no-cache'),
  });
}

function hashedFiles(folder: string): RequestHandler {
  return express.static(folder, { immutable: true, maxAge: '1y', index: false, redirect: false });
}

/**
 * What the page may do, however somebody's text got into it: run its own files, talk to where it came from ('self' is the
 * socket of the same origin, too), and put HTML into itself in one place alone (message-html.tsx).
 */
function securityHeaders(): RequestHandler {
  const nothing = ["'none'"];
  const own = ["'self'"];
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: nothing,
        scriptSrc: own,
        styleSrc: own,
        imgSrc: own,
        connectSrc: own,
        baseUri: nothing,
        formAction: nothing,
        frameAncestors: nothing,
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ['sanitised-by-messages'],
      },
    },
    // Whoever puts TLS before HAProxy decides that, and for how long.
    strictTransportSecurity: false,
  });
}
