/**
 * Of the handlers that Trainyard has packed, oldest first; the last is this version's. Each is over a line for every file of the handler
 * in the archive. `npm run docs` appends to it. None is ever taken out: packages with it are on hosts, and in MLflow.
 */
export const HANDLER_DIGESTS: readonly string[] = [
  'sha256:10481b1f426cc2530d8f672847ba9a564df6345785da52606b98c7822ebdad0c',
  'sha256:50449dcd47339a0df36e43683c5e31e6db4894de1734b500a50a7b8fd706f7fe',
  'sha256:1df3958dad3b62186b7f540e730059e443b5cfc5beb65d5eadc7d2be90e599c3',
  'sha256:60088f3ce092b46d9c6c53690359f2e26353ee6b98d69c4b51b4e1496f76bb2a',
  'sha256:499e835d10449952ff9e67a04d3ad92f947fdac1e06089e4473721f53b77483f',
  'sha256:130123c68d5d397b31b8b2d7d545ed289a97e163178c71e2f4342b4c381f7c66',
  'sha256:22c1b91d8a23ca753d7abc3cd1db49524ad8ffa675b47c90b9bbd1e52aa2f1cf',
  'sha256:6189b32773cf6d9fa6fa2a841cf1b02508b3a5cd6973a8327ea3c77f6e335e54',
  'sha256:be777e260e2ec876bc91308eabe05d26cdc1de462d25874feefffb9449489884',
  'sha256:aa57c49767acbbd83cc47832ee11328f79282467919ea803e2d9af83d796c4ec',
  'sha256:4fa4adbab3b51332840144fd182d77056eea2e7ee5bf6395947371b406927af7',
  'sha256:26b8b7a08ffb22c63aadc86cefb090c87dc06530eb40fe6bf274fdf4feec9b82',
  'sha256:a614b82acd3485d8d330c8f628d05ed7066f30d48316919c0dde9d11520feb5d',
  'sha256:f44cf0f7ff60e2bc035d316d2a47488e8ba1a2a272d8e37217f157b79b6193df',
  'sha256:760098ea813c9b244ed375c66f222f0684b58288b10141cab2fa65008b431e55',
  'sha256:e36ea6b6e9315d2a3fa1cddaf7bc2877394bd0c209df4197e0cca6306931c228',
  'sha256:3abf87683a317f636f745671563b36828bd9bc9baf5b39994370ca28bc354050',
  'sha256:7268281a1057f106a2e81cde93c709419a3b190b369e4ece2a78286f3ba74f50',
  'sha256:8d7f323b6d68cdb0e4e280f3b7c01fdbca134c8aa6f7ca49fb496f1407aff763',
  'sha256:f4ca077d1445c45209f3ea1f90034fc2c9dbea055b852270fe0eb5f7390aa83e',
  'sha256:939bffca4d48da35f30492e5ab3ad1ab30bc9ca7837137b929a864b0c34b36dd',
  'sha256:722819ed8823e6112bc5223d804d654292e2c94d6d4ddffeda1ba5a09f11f377',
  'sha256:3af2852f1a78502f6d3cde8e3f9d0fa8c595ff99d345f45543839acbf947166e',
  'sha256:51c833210f9ffeea9dfe969ae1e2b2ee4beae7be2471cb0689b4e516875bf485',
  'sha256:f63dfac35c691553f15bc37564b60e868c61f24cd638fed67f7a571c6ece59d3',
  'sha256:8658972bd3a2fdd222969bdbc69025f7d7fd811b993fea19179fd771d217701a',
];

/** What else an archive holds: settings, profile and a request to warm up with, and the model itself. */
export const MODEL_FILES: readonly string[] = ['settings.json', 'profile.json', 'warm-up.json', 'payload/'];
