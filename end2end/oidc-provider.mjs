// A real OpenID provider on a free port, with one client and whoever types a name. Which groups
// they are in is up to the test.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

export const CLIENT_ID = 'bellwether';
export const CLIENT_SECRET = 'kept-between-the-two-of-them';

const key = (kid, alg, type, options) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
};

/** Its page: nothing but a name, and nothing from elsewhere. */
const PAGE = `<!doctype html><title>Corp</title><link rel="icon" href="data:,">
<form method="post"><label>Name <input name="name" autofocus></label><button>Go on</button></form>`;

/** Shows the page, or takes what was typed there. */
async function interact(provider, request, response) {
  const { prompt } = await provider.interactionDetails(request, response);
  // What is native is asked for every time; nobody needs to answer.
  if (prompt.name === 'consent') return provider.interactionFinished(request, response, { consent: {} });
  if (request.method !== 'POST') {
    return response.setHeader('content-type', 'text/html').end(PAGE);
  }
  const chunks = await request.toArray();
  const name = new URLSearchParams(Buffer.concat(chunks).toString()).get('name');
  return provider.interactionFinished(request, response, { login: { accountId: name }, consent: {} });
}

/** Starts one: its issuer, the groups of users by name, and what ends it. */
export async function startProvider() {
  const groups = new Map();
  const server = createServer();
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        // The board has a free port of its own, which a native application's address leaves open.
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/login/oidc/callback'],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    jwks: {
      keys: [
        key('rsa', 'RS256', 'rsa', { modulusLength: 2048 }),
        key('ec', 'ES256', 'ec', { namedCurve: 'P-256' }),
      ],
    },
    cookies: { keys: ['a key for tests'] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    // Nobody is asked whether the board may know them.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({ clientId: CLIENT_ID, accountId: oidc.session.accountId });
      grant.addOIDCScope(oidc.params.scope);
      await grant.save();
      return grant;
    },
    ttl: { Session: 600, Grant: 600, Interaction: 600, AccessToken: 60, IdToken: 60 },
    findAccount: (_, name) => ({
      accountId: name,
      claims: () => ({
        sub: name,
        preferred_username: name,
        name: `${name} of Corp`,
        email: `${name}@corp.example`,
        email_verified: true,
        groups: groups.get(name) ?? [],
      }),
    }),
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url.startsWith('/interaction/')) return answer(request, response);
    return interact(provider, request, response).catch((error) => response.writeHead(400).end(`${error}`));
  });
  const stop = () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  return { issuer, groups, stop };
}
