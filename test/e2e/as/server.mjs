// An authorization server for the tests: oidc-provider with access tokens for
// the client credentials grant, introspection and revocation.
//
//   node server.mjs CONFIG
//
// CONFIG is JSON: issuer, audience, certificate, private_key (PEM files),
// clients (client_id to client_secret), introspector ({id, secret}), jwks
// (private JWKs). Prints one line with the port once it listens on 127.0.0.1.
//
// A client names its proof-of-possession key with `req_cnf`, as in RFC 9200
// section 5.8.4.1, and the scope that it wants with `aif`, since `scope` is
// oidc-provider's own. What the grant holds of both is shown to the resource
// server as `cnf` and `scope`. Tokens are opaque, or, where a client says an
// algorithm with `jwt`, JWTs.
import {readFileSync} from 'node:fs';
import {createServer} from 'node:https';

import Provider from 'oidc-provider';

const config = JSON.parse(readFileSync(process.argv[2]));

const confidential = (client_id, client_secret, grant_types) => ({
  client_id, client_secret, grant_types, redirect_uris: [], response_types: [],
});

const provider = new Provider(config.issuer, {
  clients: [
    ...Object.entries(config.clients).map(
        ([id, secret]) => confidential(id, secret, ['client_credentials'])),
    confidential(config.introspector.id, config.introspector.secret, []),
  ],
  features: {
    clientCredentials: {enabled: true},
    devInteractions: {enabled: false},
    introspection: {enabled: true, allowedPolicy: () => true},
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://broker.example',
      getResourceServerInfo: (ctx) => ({
        scope: '',
        audience: config.audience,
        accessTokenFormat: ctx.oidc.body?.jwt ? 'jwt' : 'opaque',
        jwt: {sign: {alg: ctx.oidc.body?.jwt || 'RS256'}},
        accessTokenTTL: Number(ctx.oidc.body?.ttl ?? 300),
      }),
    },
    revocation: {enabled: true, allowedPolicy: () => true},
  },
  formats: {
    customizers: {
      jwt: (ctx, token, jwt) => {
        const {granted, ...claims} = jwt.payload;
        jwt.payload = {...claims, ...granted};
      },
    },
  },
  ...(config.jwks && {jwks: {keys: config.jwks}}),
  extraTokenClaims: (ctx) => ({
    sub: ctx.oidc.client.clientId,
    granted: {cnf: JSON.parse(ctx.oidc.body.req_cnf), scope: ctx.oidc.body.aif},
  }),
});

provider.use(async (ctx, next) => {
  await next();
  if (ctx.oidc?.route === 'introspection' && ctx.body?.granted) {
    const {granted, ...answer} = ctx.body;
    ctx.body = {...answer, ...granted};
  }
});

const server = createServer({
  cert: readFileSync(config.certificate),
  key: readFileSync(config.private_key),
}, provider.callback());
server.listen(config.port ?? 0, '127.0.0.1', () => {
  console.log(JSON.stringify({listening: server.address().port}));
});
process.on('SIGTERM', () => process.exit(0));
