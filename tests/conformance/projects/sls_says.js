// SPDX-License-Identifier: Apache-2.0
// What a packaged service says, in Serverless's own words: sls_says.js PACKAGE DIRECTORY prints one JSON document made of
// .serverless/serverless-state.json. PACKAGE is serverless or osls, whose rules for logical ids are used. References to other
// functions of CloudFormation are left as they stand: Serverless does not resolve them.
const fs = require('fs')
const path = require('path')

const [, , name, directory] = process.argv
const naming = require(`${name}/lib/plugins/aws/lib/naming`)
const state = JSON.parse(fs.readFileSync(path.join(directory, '.serverless/serverless-state.json')))

// The file says {"$ref": "$[\"service\"][\"layers\"]"} for a value that stands twice.
const at = (reference) => reference.slice(1).match(/\["(?:[^"\\]|\\.)*"\]|\[\d+\]/g).reduce((v, step) => plain(v[JSON.parse(step)[0]]), state)
const plain = (v) => v && typeof v === 'object' && typeof v.$ref === 'string' ? at(v.$ref) : v
const whole = (v) => {
  const found = plain(v)
  if (Array.isArray(found)) return found.map(whole)
  if (!found || typeof found !== 'object') return found
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, whole(value)]))
}

const service = plain(state.service)
const layers = Object.fromEntries(Object.keys(plain(service.layers)).map((key) => [naming.getLambdaLayerLogicalId(key), `.serverless/${key}.zip`]))
const resources = whole(service.provider.compiledCloudFormationTemplate).Resources
const functions = {}
const routes = []
const text = (v) => typeof v === 'object' ? JSON.stringify(v) : String(v)

// The functions of the state lack what only the template has: the whole of the provider's and the function's environment, say.
for (const [key, raw] of Object.entries(plain(service.functions))) {
  const f = whole(raw)
  const id = naming.getLambdaLogicalId(key)
  const provider = Object.fromEntries(['environment', 'layers', 'runtime'].map((member) => [member, whole(service.provider[member])]))
  functions[id] = {
    code: path.relative(directory, (f.package && f.package.artifact) || path.join(directory, '.serverless', state.package.artifact)),
    handler: f.handler,
    runtime: f.runtime || provider.runtime,
    memory: f.memory,
    timeout: f.timeout,
    name: f.name,
    layers: (f.layers || provider.layers || []).map((layer) => layers[layer.Ref]),
    architecture: f.architecture,
    url: Boolean(f.url),
    'url-mode': f.url && f.url.invokeMode === 'RESPONSE_STREAM' ? 'stream' : undefined,
    logging: resources[id].Properties.LoggingConfig,
    'url-cors': f.url ? resources[naming.getLambdaFunctionUrlLogicalId(key)].Properties.Cors : undefined,
    'tmp-size': f.ephemeralStorageSize,
    env: Object.fromEntries(Object.entries({ ...provider.environment, ...f.environment }).map(([variable, v]) => [variable, text(v)]))
  }
  for (const event of f.events) {
    if (event.httpApi) routes.push({ type: 'http', method: event.resolvedMethod, path: event.resolvedPath || '$default', function: id })
    if (event.http) {
      const [method, where] = typeof event.http === 'string' ? event.http.split(' ') : [event.http.method, event.http.path]
      routes.push({ type: 'rest', method, path: `/${where.replace(/^\//, '')}`, function: id })
    }
  }
}
console.log(JSON.stringify({ functions, routes }, null, 1))
