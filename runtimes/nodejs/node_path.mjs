// SPDX-License-Identifier: Apache-2.0
// Finds what is imported in the folders of NODE_PATH, after all places that import looks into by itself: see index.mjs.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const FOLDERS = (process.env.NODE_PATH ?? "").split(":").filter(Boolean);
const isPackage = (specifier) => !/^[./#]|^[a-z][a-z0-9+.-]*:/i.test(specifier);
const applies = (specifier, error) => error?.code === "ERR_MODULE_NOT_FOUND" && isPackage(specifier);

// As if a module beside the folder had asked. A folder of another name is not one that import looks into: there require's ways count.
const beside = (folder, context) => ({ ...context, parentURL: pathToFileURL(`${folder.slice(0, -"node_modules".length)}_.mjs`).href });

function required(folder, specifier) {
  try {
    return { url: pathToFileURL(createRequire(`${folder}/_.cjs`).resolve(`./${specifier}`)).href, shortCircuit: true };
  } catch {
    return undefined;
  }
}

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    for (const folder of applies(specifier, error) ? FOLDERS : []) {
      const found = folder.endsWith("/node_modules") ? await next(specifier, beside(folder, context)).catch(() => undefined) : required(folder, specifier);
      if (found) {
        return found;
      }
    }
    throw error;
  }
}

// The same for hooks that may not wait. They are asked for require() as well, which finds these folders by itself.
export function resolveNow(specifier, context, next) {
  try {
    return next(specifier, context);
  } catch (error) {
    for (const folder of applies(specifier, error) ? FOLDERS : []) {
      try {
        const found = folder.endsWith("/node_modules") ? next(specifier, beside(folder, context)) : required(folder, specifier);
        if (found) {
          return found;
        }
      } catch {
        // the next folder
      }
    }
    throw error;
  }
}
