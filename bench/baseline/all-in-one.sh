#!/bin/sh
# The shortest plain way from a bare machine to a single-node cluster of today's Kubernetes: what our deploy is measured against.
# Runs as root on a Debian machine that has containerd, etcd, CNI plugins and openssl; it is not idempotent.
#   BIN    directory with kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl
#   ETCD   directory with etcd and etcdctl
#   PAUSE  reference of the pause image
#   ARCHIVES  docker-archives of images, with blanks between them
#   DNS    reference of the CoreDNS image; empty: none is deployed
# The kubelet reports its status every second instead of every ten, so that nothing is measured but work.
set -eu
BIN=${BIN:-/opt/seed/kubernetes}
ETCD=${ETCD:-/usr/bin}
PAUSE=${PAUSE:-registry.k8s.io/pause:3.10}
ARCHIVES=${ARCHIVES:-}
DNS=${DNS:-}
name=$(hostname)
ip=$(hostname -I | cut -d' ' -f1)
pki=/etc/kubernetes/pki
mkdir -p $pki /etc/etcd/pki /etc/cni/net.d /etc/containerd /var/lib/kubelet /var/lib/etcd
ln -sf "$BIN"/kube* "$ETCD/etcd" "$ETCD/etcdctl" /usr/local/bin/

# Certificates: one CA and one key, a certificate per identity.
cd $pki
openssl ecparam -name prime256v1 -genkey -noout -out sa.key
openssl ec -in sa.key -pubout -out sa.pub 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt -days 365 -subj /CN=baseline 2>/dev/null
issue() { # FILE SUBJECT [SAN]
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
  printf 'extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=%s\n' "${3:-DNS:$name}" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
  rm "$1.csr" "$1.ext"
}
hosts="DNS:$name,DNS:localhost,IP:$ip,IP:127.0.0.1"
issue etcd /CN=etcd "$hosts"
issue apiserver /CN=kube-apiserver "$hosts,IP:10.96.0.1,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
issue admin /O=system:masters/CN=admin
issue controller-manager /CN=system:kube-controller-manager
issue scheduler /CN=system:kube-scheduler
issue kubelet "/O=system:nodes/CN=system:node:$name" "$hosts"
issue kube-proxy /CN=system:kube-proxy
cp ca.crt /etc/etcd/pki/ca.crt
cp etcd.crt /etc/etcd/pki/server.crt
cp etcd.key /etc/etcd/pki/server.key
chmod 700 /var/lib/etcd

for user in admin controller-manager scheduler kubelet kube-proxy; do
  cat > "/etc/kubernetes/$user.conf" <<CONF
{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
 clusters: [{name: c, cluster: {server: "https://$ip:6443", certificate-authority: $pki/ca.crt}}],
 users: [{name: u, user: {client-certificate: $pki/$user.crt, client-key: $pki/$user.key}}]}
CONF
done

cat > /etc/containerd/config.toml <<CONF
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
CONF
cat > /etc/cni/net.d/10-bridge.conflist <<CONF
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
 {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
 {"type": "portmap", "capabilities": {"portMappings": true}}]}
CONF
cgroup='failCgroupV1: false,'
[ ! -e /sys/fs/cgroup/cgroup.controllers ] || cgroup=
cat > /etc/kubernetes/kubelet.yaml <<CONF
---
{apiVersion: kubelet.config.k8s.io/v1beta1, kind: KubeletConfiguration, cgroupRoot: "/$name", failSwapOn: false,
 authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}},
 containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock", nodeStatusUpdateFrequency: 1s, clusterDNS: [10.96.0.10],
 clusterDomain: cluster.local, imageGCHighThresholdPercent: 100,
 # As ours: the kubelet's own shares of the disk are tens of GiB on a large host, and no pod starts below them.
 evictionHard: {memory.available: 100Mi, nodefs.available: 2Gi, nodefs.inodesFree: 5%, imagefs.available: 2Gi}, $cgroup
 authorization: {mode: Webhook}, tlsCertFile: $pki/kubelet.crt, tlsPrivateKeyFile: $pki/kubelet.key}
CONF
cat > /etc/kubernetes/kube-proxy.yaml <<CONF
---
{apiVersion: kubeproxy.config.k8s.io/v1alpha1, kind: KubeProxyConfiguration, mode: iptables, clusterCIDR: 10.244.0.0/16,
 clientConnection: {kubeconfig: /etc/kubernetes/kube-proxy.conf}, conntrack: {maxPerCore: 0}}
CONF

unit() { # NAME COMMAND
  printf '[Service]\nRestart=always\nRestartSec=1\nExecStart=%s\n[Install]\nWantedBy=multi-user.target\n' "$2" > "/etc/systemd/system/$1.service"
}
tls="--tls-cert-file=$pki/apiserver.crt --tls-private-key-file=$pki/apiserver.key"
printf '[Service]\nType=notify\nExecStart=%s\n' "/usr/local/bin/etcd --name=$name --data-dir=/var/lib/etcd/member-data \
--client-cert-auth --trusted-ca-file=/etc/etcd/pki/ca.crt --cert-file=/etc/etcd/pki/server.crt --key-file=/etc/etcd/pki/server.key \
--listen-client-urls=https://$ip:2379,https://127.0.0.1:2379 --advertise-client-urls=https://$ip:2379 \
--peer-client-cert-auth --peer-trusted-ca-file=/etc/etcd/pki/ca.crt --peer-cert-file=/etc/etcd/pki/server.crt --peer-key-file=/etc/etcd/pki/server.key \
--listen-peer-urls=https://$ip:2380 --initial-advertise-peer-urls=https://$ip:2380 --initial-cluster=$name=https://$ip:2380" > /etc/systemd/system/etcd.service
unit kube-apiserver "/usr/local/bin/kube-apiserver --advertise-address=$ip --anonymous-auth=false --authorization-mode=Node,RBAC --client-ca-file=$pki/ca.crt $tls \
--etcd-servers=https://127.0.0.1:2379 --etcd-cafile=$pki/ca.crt --etcd-certfile=$pki/etcd.crt --etcd-keyfile=$pki/etcd.key \
--kubelet-client-certificate=$pki/admin.crt --kubelet-client-key=$pki/admin.key --service-cluster-ip-range=10.96.0.0/16 \
--service-account-issuer=https://kubernetes.default.svc --service-account-key-file=$pki/sa.pub --service-account-signing-key-file=$pki/sa.key"
unit kube-controller-manager "/usr/local/bin/kube-controller-manager --kubeconfig=/etc/kubernetes/controller-manager.conf --use-service-account-credentials \
--root-ca-file=$pki/ca.crt --service-account-private-key-file=$pki/sa.key --allocate-node-cidrs --cluster-cidr=10.244.0.0/16 \
--cluster-signing-cert-file=$pki/ca.crt --cluster-signing-key-file=$pki/ca.key"
unit kube-scheduler "/usr/local/bin/kube-scheduler --kubeconfig=/etc/kubernetes/scheduler.conf"
# Machines in containers share some cgroup hierarchies, so the kubelet keeps to a subtree of its own; systemd trims empty ones.
mkdir -p /etc/systemd/system/kubelet.service.d
findmnt -nrt cgroup,cgroup2 -o TARGET | sed "1i [Service]
s|.*|ExecStartPre=/bin/mkdir -p &/$name|" > /etc/systemd/system/kubelet.service.d/cgroup.conf
unit kubelet "/usr/local/bin/kubelet --config=/etc/kubernetes/kubelet.yaml --kubeconfig=/etc/kubernetes/kubelet.conf --hostname-override=$name"
unit kube-proxy "/usr/local/bin/kube-proxy --config=/etc/kubernetes/kube-proxy.yaml --hostname-override=$name"
systemctl daemon-reload
systemctl restart containerd etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy

# The finish line, the same as our deploy's: etcd is healthy, every API server says ready, the node is Ready.
within() { # SECONDS WHAT COMMAND…
  limit=$(($(date +%s) + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$limit" ] || { seen >&2; echo "$what: not within its limit" >&2; exit 1; }
    sleep 0.2
  done
}
seen() {
  kubectl -n kube-system get pods -o wide
  kubectl -n kube-system get events -o custom-columns=:.involvedObject.name,:.reason,:.message | tail -n 15
  journalctl --no-pager --output=cat --lines=5 --unit=kubelet --unit=kube-controller-manager
}
ready() { [ "$(kubectl get node "$name" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]; }
[ -z "$ARCHIVES" ] || for archive in $ARCHIVES; do ctr --namespace k8s.io images import "$archive" >/dev/null; done
export KUBECONFIG=/etc/kubernetes/admin.conf ETCDCTL_API=3
within 30 'etcd healthy' etcdctl --endpoints="https://$ip:2379" --cacert=$pki/ca.crt --cert=$pki/etcd.crt --key=$pki/etcd.key endpoint health
within 60 'apiserver /readyz' kubectl get --raw /readyz
if [ -n "$DNS" ]; then
  kubectl apply --server-side -f - >/dev/null <<CONF
apiVersion: v1
kind: ServiceAccount
metadata: {name: coredns, namespace: kube-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: coredns}
rules:
  - {apiGroups: [''], resources: [services, pods, namespaces], verbs: [list, watch]}
  - {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: coredns}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: coredns}
subjects: [{kind: ServiceAccount, name: coredns, namespace: kube-system}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data:
  Corefile: |
    .:53 {
        errors
        ready
        kubernetes cluster.local in-addr.arpa ip6.arpa {
            fallthrough in-addr.arpa ip6.arpa
        }
        forward . /etc/resolv.conf
        cache 30
    }
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-dns}}
  template:
    metadata: {labels: {k8s-app: kube-dns}}
    spec:
      serviceAccountName: coredns
      dnsPolicy: Default
      containers:
        - name: coredns
          image: $DNS
          imagePullPolicy: IfNotPresent
          args: [-conf, /etc/coredns/Corefile]
          readinessProbe: {httpGet: {path: /ready, port: 8181}, periodSeconds: 1}
          volumeMounts: [{name: configuration, mountPath: /etc/coredns}]
      volumes: [{name: configuration, configMap: {name: coredns}}]
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  selector: {k8s-app: kube-dns}
  clusterIP: 10.96.0.10
  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
CONF
fi
within 90 'node Ready' ready
served() { [ "$(kubectl -n kube-system get deployment coredns -o 'jsonpath={.status.availableReplicas}')" = 1 ]; }
[ -z "$DNS" ] || within 90 'CoreDNS available' served
