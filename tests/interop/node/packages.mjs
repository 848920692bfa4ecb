// The packages stand outside the source tree, in the folder that AVOUCH_INTEROP_NODE names.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.env.AVOUCH_INTEROP_NODE}/`);

/** Imports a package by its name. */
export const load = (name) => import(pathToFileURL(require.resolve(name)));
