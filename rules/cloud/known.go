package cloud

import (
	"crypto/sha256"
	"encoding/hex"
)

// A known is a version of a file of the platform.
type known struct {
	// sum is the SHA-256 of the text without its white space, in hex.
	sum string
	// from says where the version is published.
	from string
	// order is higher for later versions; 0 where that is not known.
	order int
}

// Where versions of the platform's files are published.
const (
	archetype21   = "adobe/aem-project-archetype 21"
	archetype28   = "adobe/aem-project-archetype 28"
	archetype39   = "adobe/aem-project-archetype 39"
	archetype51   = "adobe/aem-project-archetype 51"
	guides        = "adobe/aem-guides-wknd"
	authDemo      = "adobe/aem-auth-demo"
	venia         = "adobe/aem-cif-guides-venia"
	dockerSDK     = "aem-design/docker-dispatcher-sdk"
	severalPublic = "several public projects"
	ownExample    = "dispcheck's example"
)

// sumOf is the key of a text in the table: white space does not count, as it does not where deployments compare.
func sumOf(text []byte) string {
	kept := make([]byte, 0, len(text))
	for _, c := range text {
		if c != ' ' && (c < '\t' || c > '\r') {
			kept = append(kept, c)
		}
	}
	sum := sha256.Sum256(kept)
	return hex.EncodeToString(sum[:])
}

// versionsOf are the known versions of a file that projects for the Cloud Service must not change, by its name from the
// folder that holds conf.d, oldest first as far as that is known; none for other files.
func versionsOf(name string) []known {
	switch name {
	case "conf.d/available_vhosts/default.vhost":
		return []known{
			{"4d36b0748ea03e4c62acae34c190108f82ad2e058cae0fab4a2d07b77060b381", archetype21, 21},
			{"542f8a5ba232c5b3879f3bbcf5fa597dde7b85f910094876ebf90928d28aead9", archetype28, 28},
			{"b9c89c33f071087b6bc0a0e5c77286b03bf2af569fefb3a1d1f92596d9bc69f0", archetype39, 39},
			{"47be2907d98413429db5f77c2431baceceff901f3cce114a1e9ede9db67ba4c2", archetype51, 51},
			{"dbea9fbbdebcf22c3c7a396e69d1c61bfd3b18512e8dbe227504202c3b595154", severalPublic, 0},
			{"57f5e672c6b4fa67228905a44327ac829468ca40284e383347deb177a3f091d9", ownExample, 0},
		}
	case "conf.d/dispatcher_vhost.conf":
		return []known{
			{"b5fc93a6c1fb9a40316dab82321089b522435fc60c9b4cc2c3287b0383fe8fd0", archetype21, 21},
			{"8c16e5b1567806c48d1155ab528aa731cbf00b382d8daee0cf875798c44c6fb4", archetype28, 28},
			{"07fb00c2a2ed81ff24a8bdd7f762192c51c5ff251c2c474e8a65d744e01ed57d", archetype39, 39},
			{"775a9eff8426f5d3934faa71d1e2526689535dd9d8220a171853df7ff1fc85a2", archetype51, 51},
			{"d8ad3e150b5709279f2dc4f3fe1bb7e17e0e3d1e7405c0fc2854c3725ec121b4", guides, 60},
			{"d8fb8a753b446c2e9e030d7fae96dbcfed47f510eff83196feb870f1e8fdd043", authDemo, 0},
			{"882de9d44d4b171d8239213c844028c5fbe8758de7af9be9231dfa65faf110cb", venia, 0},
			{"422a2dc1a7cd5b4b6249dbb95a71ef4ae2bc09c8a6b3d5771348ce0a619633a7", severalPublic, 0},
			{"b467476c0d8db43fb11754c72cd574ebe4fa3e90a15cd2d6f5c97d3461f7b60c", severalPublic, 0},
			{"fd1ec1d7b74d322bf026132886fe1da69083aad1abacc3e33de897a50c4c6f09", dockerSDK, 0},
			{"68a31e730c0456b9f8fba9174d9c10363a7dffcd137b78c621c66b5550a43c21", severalPublic, 0},
			{"af3deaaf0e9f331b81598a7848885f43ccbad78c182a4ea48f5a10753e83fd3c", ownExample, 0},
		}
	case "conf.d/enabled_vhosts/vhosts.conf":
		return []known{
			{"3f4be93b76004b873c166f5fb8ae754d46b50d348c711bfc980a6f691f3a47c9", ownExample, 1},
			{"20f40c6b63b645395a77f055d7b5013e38edfb03073e6cead1202d2b3407dc3d", archetype51, 51},
			{"b4c07f8470593704eba9588dafbf97fb1f99a8d2a6116fac091f0ec6d9f4a2b6", severalPublic, 0},
			{"a894a8e468f824c536b8a76f96e068f64c41da5d0605ecf8fb44e051673f7622", ownExample, 0},
		}
	case "conf.d/rewrites/default_rewrite.rules":
		return []known{
			{"223ecd23384f2dbfc202dd8bbb208033bc0e14f1b9cab55311947426a333aa6a", archetype21, 21},
			{"9d7990afacf2d4cb3e1fc4078e5e0801da150f7524346dc285b634ddd4c96108", archetype28, 28},
			{"5e420d543810769dd55741696bbfbbab632dcb400710616a433566bf108c0311", archetype39, 39},
			{"ff54f6667508b87e79a174aadfa1574f2cf3b904d1b4c34672afd885d89d7a45", archetype51, 51},
			{"75379d6dc8ef15b15ab9cf2689e72285b7c47f58824eda5e6e55ab66faff0678", ownExample, 0},
		}
	case "conf.dispatcher.d/available_farms/default.farm":
		return []known{
			{"589fc5a2eacce01ed9cc4debde4c0db1f7bd56ef1e74c6b91dc90d690dad6188", archetype21, 21},
			{"4a984578325a16f4c2ae071c97adde8923b2fcedc5cd7fcc1f6d59e6699e10ad", archetype28, 28},
			{"87b7d6b2026f48f0aa53fcd33a7228d1b53bc54a8b40ebe51b219be6b8918bbd", archetype39, 39},
			{"0102dfe6b31f8c3ef308514b3644188b3d7069c6ac8fb8113eac9b69f4b44ede", archetype51, 51},
			{"286aef92becb3e6ea088d633d34e9c93801a107caf01904c8493c17978c16d8b", severalPublic, 0},
			{"8f22927f2962c3ed78a617e6c36c508c0c1d9fb1def4492114a05f6d88ce48a1", ownExample, 0},
		}
	case "conf.dispatcher.d/cache/default_invalidate.any":
		return []known{
			{"7f15374b8c8b2427c63e886e6910042ed428459da8dc32d8672972e98264a151", archetype51, 51},
			{"9beb609562c055eba0db599142bcd327781f869478a298fc7512b3ac09b4919c", ownExample, 0},
		}
	case "conf.dispatcher.d/cache/default_rules.any":
		return []known{
			{"8e477a975f4b62664feab9f28cdb76621db013f72d2a1b0447383bc39585ea20", archetype21, 21},
			{"9c805ff19118f80391decc23b0a42ecde64abc330a63e0005a68f89895604928", archetype28, 28},
			{"cca04ee737d2758bd87fc64947687890565480bae76fdc9a7156728c5e974593", archetype51, 51},
			{"2a0be2bba3722c98e870b18fd98d220131937c59eae8108f1e29e04485b8e822", ownExample, 0},
		}
	case "conf.dispatcher.d/clientheaders/default_clientheaders.any":
		return []known{
			{"91f8820173261c919752bf38ee83b9b36660481f04919686550e271508c6eae9", archetype21, 21},
			{"d31e8b285223205d3510c3cb5376d3424d343922cb57a70b23d6b7212d22cfa5", archetype28, 28},
			{"1278d05314bb347777343d5be5080e819d542656654989a6e0e7f91658abf57a", archetype51, 51},
			{"0689dbe6ba8ed42a1b9811d520eb2ddff6a1b2eb470d4710db7f77b20cc3dfb9", ownExample, 0},
		}
	case "conf.dispatcher.d/dispatcher.any":
		return []known{
			{"f1f91a335ab91264e31cf0bfbf8fec8425a7b7785adf2f3fdafec8a41f5958ed", ownExample, 0},
			{"154d3d5568921a8e3c613349944c49fee3bcee977f74111966b330999113a7a0", archetype51, 51},
			{"e69b7079ae0f205f207b09e509503554e944602fca61c7c9ffa80c9b2b9a8ccc", dockerSDK, 0},
			{"5b2f782e7d99eba226892fc544f30616321dc0c118466c634e7b5d916bd232f8", ownExample, 0},
		}
	case "conf.dispatcher.d/enabled_farms/farms.any":
		return []known{
			{"eeedcc17594db10ded461d827b3a736391ac7f96d5cfe2e34a76a36958b3dd4d", archetype51, 51},
			{"fb1479cbd42a64bdfaf1dec656b82377ce74d97133a2f66789b9514f6640577c", severalPublic, 0},
			{"3fba4145035c243d318f10713347d6772960c19a335cd219efca5e6ce0233c2d", ownExample, 0},
		}
	case "conf.dispatcher.d/filters/default_filters.any":
		return []known{
			{"98b593286754a81c1cabc96ce34a4e7d623cfd88eadbb2f4345a778342c617c0", archetype21, 21},
			{"c31aa2b3c42f6cf3640c3dfb8a26c570b1d3099277714dd3eae46fec98b6aa1e", archetype28, 28},
			{"dc13d3a00f221b28c19b664023fc00626c3138a5dbe4fbae1922da5c946b1509", archetype39, 39},
			{"dae53ee75c9f7f44f70f459f95acab248b13c3dbbba5fb1f947489cbc0c3124e", archetype51, 51},
			{"f6ad2ce6fa911e14b8f635d5eca9daf1da7408258392c8887a52f5072fb06693", venia, 0},
			{"3878e45588a9624e4136c225dd6c32e10219c72244e12176b98c25b9bef5e766", severalPublic, 0},
			{"e41441c219f889b29191572a2aeb2f37258fe48391e7c109ee541cda1d2c7cb9", severalPublic, 0},
			{"a6210170c972eaa9a42b75718114f729e0e0829070c3c0eae60edf0cc1c5fd8a", ownExample, 0},
		}
	case "conf.dispatcher.d/renders/default_renders.any":
		return []known{
			{"726ed45f656350327b2158934a9ca3723014c3af86cb49f3e04cf9c88a0d784a", archetype51, 51},
			{"970af54822e53871c8a64449c2ede3fc208109d09b07e61ea6a5cc49db2f0418", ownExample, 0},
		}
	case "conf.dispatcher.d/virtualhosts/default_virtualhosts.any":
		return []known{
			{"96075137c4c2d2f28be5f75803cf018f466cb1a652bb2f97d30626c7aeb3371d", archetype51, 51},
			{"f8ca221445c82edc3365c1e329ca189fd0293a61687350d78f4be4b2c2d8019d", ownExample, 0},
		}
	}
	return nil
}
