// A real OpenID provider on a free port, with one client and whatever users sign in: any name with
// any password. Which groups they are in is up to the test.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

export const CLIENT_ID = 'bellwether';
export const CLIENT_SECRET = 'kept-between-the-two-of-them';

const key = (kid, alg, type, options) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
};

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
    features: { devInteractions: { enabled: true } },
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
  server.on('request', provider.callback());
  const stop = () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  return { issuer, groups, stop };
}
