import type { DebianLayer } from './debian-layer.ts';

/**
 * What flannel and kube-router call on a machine: iptables, in its flavour nftables as Debian's machines have it, and
 * ipset. The newest suite, because a packet filter's newer programs read what older ones wrote, and not the reverse:
 * docs/decisions/0185-base-layer-of-network-add-ons.md
 */
export const PACKET_FILTER_LAYER: DebianLayer = {
  suite: 'trixie',
  packages: [
    'iptables', 'libip4tc2', 'libip6tc2', 'libxtables12', 'libmnl0', 'libnftnl11', 'libnfnetlink0', 'libnetfilter-conntrack3',
    'ipset', 'libipset13t64',
    'nftables', 'libnftables1', 'libgmp10', 'libjansson4', 'libedit2', 'libbsd0', 'libmd0', 'libtinfo6',
    'libc6', 'libgcc-s1', 'netbase', 'busybox-static',
  ],
  // update-alternatives chooses the flavour on a machine; here nothing else can.
  links: Object.fromEntries(
    ['iptables', 'iptables-save', 'iptables-restore', 'ip6tables', 'ip6tables-save', 'ip6tables-restore'].map((name) => [`usr/sbin/${name}`, 'xtables-nft-multi']),
  ),
  programs: ['usr/sbin/xtables-nft-multi', 'usr/sbin/ipset', 'usr/sbin/nft'],
};
