// Prints key pairs, made by jose, as private JWKs by their names:
//
//   node keys.mjs KID=ALG...
import {exportJWK, generateKeyPair} from 'jose';

const keys = {};
for (const argument of process.argv.slice(2)) {
  const [kid, alg] = argument.split('=');
  const {privateKey} = await generateKeyPair(alg, {extractable: true});
  keys[kid] = {...await exportJWK(privateKey), kid, alg, use: 'sig'};
}
console.log(JSON.stringify(keys));
