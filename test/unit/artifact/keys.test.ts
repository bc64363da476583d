import { expect, test } from 'vitest';
import { Apt } from '../../../harness/artifact/debian/apt.ts';
import { Recipes } from '../../../harness/artifact/recipes.ts';
import { Store } from '../../../harness/artifact/cache/store.ts';
import { etcdLayerRecipe } from '../../../harness/artifact/machine-image/etcd-layer.ts';
import { debianLayerRecipe } from '../../../harness/artifact/image/debian-layer.ts';
import { PACKET_FILTER_LAYER } from '../../../harness/artifact/image/packet-filter-layer.ts';
import { toolchainRecipe } from '../../../harness/artifact/go-module/toolchain.ts';
import { sourceRecipe } from '../../../harness/artifact/kubernetes/toolchain.ts';
import { ENGINE_COMPONENTS } from '../../../harness/matrix/cell.ts';
import { buildCell } from '../../../harness/matrix/build.ts';
import { conflictsOf } from '../../../harness/matrix/constraint.ts';
import { everything, product } from '../../../harness/matrix/product.ts';
import type { Recipe } from '../../../harness/artifact/recipe.ts';
import { withSource } from '../../../harness/matrix/versions/table.ts';
import { changed, parseMatrix, shippedVersions } from '../matrix/shipped.ts';

const store = new Store('/nowhere', {});
const apt = new Apt('/nowhere');
const recipes = new Recipes({ store, apt, mirrors: undefined }, { signal: new AbortController().signal, report: () => undefined });

/** A cell's own recipes, as `forecast` asks for them. The other axes are of no concern to artifacts. */
function recipesOfCells(source: 'go-module' | 'upstream'): Recipe[] {
  const matrix = parseMatrix(changed({}), 'm.yaml', withSource(shippedVersions, source));
  const choices = { ...everything(matrix.document), network: ['vxlan', 'flannel-vxlan'], proxy: ['iptables'], families: ['ipv4'], topology: ['small'] };
  const possible = product(choices).filter((values) => conflictsOf(matrix.document, values).length === 0);
  return possible.flatMap((values) => {
    const { sources, axes, runtime, addOns: { dns, policy, metrics, storage, flannel } } = buildCell(matrix, values, []);
    return [
      recipes.kubernetes(sources.kubernetes),
      recipes.etcd(sources.etcd),
      ...(sources.runtime === undefined ? [] : recipes.runtime(sources.runtime)),
      ...ENGINE_COMPONENTS.flatMap((name) => (sources[name] === undefined ? [] : [recipes.engineComponent(name, sources[name])])),
      recipes.machineRoot(axes.os, sources.runtime === undefined ? runtime : undefined),
      ...[dns, policy, metrics, storage].flatMap((each) => ('version' in each ? [recipes.addOnImage({ name: each.type, version: each.version })] : [])),
      ...(flannel === undefined ? [] : [recipes.addOnImage({ name: 'flannel', version: flannel })]),
    ];
  });
}

const others = [
  recipes.testImages(),
  toolchainRecipe(),
  debianLayerRecipe(PACKET_FILTER_LAYER, apt),
  sourceRecipe(apt, { type: 'debian-source', suite: 'bookworm', package: 'kubernetes', version: '1.20.5+really1.20.2-1.1+deb12u1' }),
  etcdLayerRecipe({ version: '3.6.16', directory: '/nowhere', sha256: { etcd: 'a'.repeat(64) }, digest: '', provenance: {} }),
];

/** A changed key makes everybody build again, for minutes: whoever means to writes the new one here. */
test('what the shipped matrix can ask for has the keys that it had', () => {
  const all = [...recipesOfCells('go-module'), ...recipesOfCells('upstream'), ...others];
  const keys = new Map(all.map((recipe) => [recipe.name, store.keyOf(recipe)]));
  expect(new Set(all.map((recipe) => store.keyOf(recipe))).size).toBe(keys.size);
  expect(Object.fromEntries([...keys].sort(([a], [b]) => (a < b ? -1 : 1)))).toMatchInlineSnapshot(`
    {
      "CNI plugins 1.10.0 from Go modules": "6e3a363d5c89a2005cc8fdd3717b6a8f",
      "CNI plugins 1.10.0 from github.com": "b8a452962f01bb2ce0c206570d8845cb",
      "Kubernetes 1.20.2+deb11 from Debian's source": "f18586e907f61a761c273d0286c3c43e",
      "Kubernetes 1.20.2+deb12u1 from Debian's source": "0657e559ee8fade3e29abdaee35cfeef",
      "Kubernetes 1.34.4 from Go modules": "1d85f044b36dd224084b0d412681539b",
      "Kubernetes 1.34.4 from dl.k8s.io": "29086c6aa2eb1b6989318b411d354196",
      "Kubernetes 1.35.4 from Go modules": "d4911501766c8ae8f3b7e7622845c712",
      "Kubernetes 1.35.4 from dl.k8s.io": "9f650980cab218294fb7d77c3b9afea5",
      "Kubernetes 1.36.3 from Go modules": "30c5386cb76df9991ad8d81dae3cc70d",
      "Kubernetes 1.36.3 from dl.k8s.io": "5cce0fbfc4b5749e24cfaa1a72d2e739",
      "Kubernetes 1.37.2 from Go modules": "79469334cebf89981ba797c453365eae",
      "Kubernetes 1.37.2 from dl.k8s.io": "e139eca8b53b438c45bc5725223fa340",
      "containerd 2.4.2 from Go modules": "e834a008680240d45d09874907ff29e3",
      "containerd 2.4.2 from github.com": "2663063be71cca9e54f287ff548c8060",
      "crictl 1.34.0 from Go modules": "c770b03f84ab7b694cccb78916b13665",
      "crictl 1.34.0 from github.com": "57b56bff736d42688ac0b6e8fea08703",
      "crictl 1.36.0 from Go modules": "5d2463f89d810f1fd690c9327bfd56db",
      "crictl 1.36.0 from github.com": "bc717661a45ae9c05fe05a488f74c852",
      "crictl 1.37.0 from Go modules": "7c933b3d18068228fd517fd2447d1909",
      "crictl 1.37.0 from github.com": "52ba7100aef0c13525b2cf1c12565f92",
      "etcd 3.6.16 from Go modules": "64612981af9bd2b49599378be839c458",
      "etcd 3.6.16 from github.com": "d45724ed85fca6156d3e43c3411b476d",
      "etcd 3.7.3 from Go modules": "8ae5b7be987c150598f50d1c224c18a6",
      "etcd 3.7.3 from github.com": "7ae4896756cb60561e895bc828838443",
      "etcd of Debian bookworm": "24f8bf6bf3124ea20099ef4e22f292ee",
      "etcd of Debian trixie": "f0c4c2d2581578ad74be950ce2694ecf",
      "runc 1.4.0 from Go modules": "2e168af738e295363da7806ab69226d9",
      "the base layer of Debian trixie for add-ons": "d722f4d9e6f99273a0381be808f41804",
      "the container image coredns 1.10.1": "8879e1cf3ff3f5a8027ea7c60ac773b4",
      "the container image coredns 1.14.6": "e3e12c3404aff94d2f86cfec1cd8460f",
      "the container image flannel 0.27.4": "ad90bf03867e191b72de2de2dc2634a9",
      "the container image kube-router 2.1.0": "3961b31fe83242588f82c23c6efa5283",
      "the container image local-volumes 13.1.0": "9e5b995baf492c80ea8b17cbe3879ee9",
      "the container image metrics-server 0.8.0": "458bb0147e38c862d50a36425d94da68",
      "the container images pause and agnhost of Kubernetes 1.37.2": "d0fecec7ae593c2b44f33a8b1ce4cbd6",
      "the image layer of etcd 3.6.16": "4faaf921668740efbcec88e49ce46734",
      "the machine image debian-12 with containerd": "7fabb3c5c8d33f166ba84d8b5003a85d",
      "the machine image debian-12 with docker": "e3018eef74bf0eea68a750611b52804f",
      "the machine image debian-12 with no container engine": "3773127e6dd26e438f4feb9ab1d4d295",
      "the machine image debian-13 with containerd": "05cbfee1480b10effc61438627d14b87",
      "the machine image debian-13 with docker": "630fb85c162c2d92bae83dcb3007d3d9",
      "the machine image debian-13 with no container engine": "599166d3ed8d924c06a5091c43334de8",
      "the source of Debian's kubernetes 1.20.5+really1.20.2-1.1+deb12u1": "1c6382ded12bdfc532c85a7ded03fdd2",
      "the toolchain go1.26.8": "0d4160e4fe867112cedfdb93ed7e94df",
    }
  `);
});
