// local-volumes provisions volumes that are directories of the node on which their pod runs.
//
// One instance runs on every node and serves only the claims that the scheduler has given to that node
// (volumeBindingMode: WaitForFirstConsumer), as CSI's external-provisioner does with --node-deployment. The controller
// is the library's: https://github.com/kubernetes-sigs/sig-storage-lib-external-provisioner
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// Set by the linker: the version of the library.
var version = "unknown"

const selectedNode = "volume.kubernetes.io/selected-node"

type localVolumes struct {
	node, directory string
}

func (l localVolumes) ShouldProvision(_ context.Context, claim *corev1.PersistentVolumeClaim) bool {
	return claim.Annotations[selectedNode] == l.node
}

func (l localVolumes) ShouldDelete(_ context.Context, volume *corev1.PersistentVolume) bool {
	return volume.Spec.Local != nil && filepath.Dir(volume.Spec.Local.Path) == l.directory && l.owns(volume)
}

// The affinity is what Provision wrote: one term with one expression of one value.
func (l localVolumes) owns(volume *corev1.PersistentVolume) bool {
	affinity := volume.Spec.NodeAffinity
	if affinity == nil || affinity.Required == nil || len(affinity.Required.NodeSelectorTerms) != 1 {
		return false
	}
	expressions := affinity.Required.NodeSelectorTerms[0].MatchExpressions
	return len(expressions) == 1 && len(expressions[0].Values) == 1 && expressions[0].Values[0] == l.node
}

func (l localVolumes) Provision(_ context.Context, options controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	if options.PVC.Spec.VolumeMode != nil && *options.PVC.Spec.VolumeMode == corev1.PersistentVolumeBlock {
		return nil, controller.ProvisioningFinished, fmt.Errorf("only file systems are provisioned, not blocks")
	}
	path := filepath.Join(l.directory, options.PVName)
	// The pod's user is unknown here, and a umask would take bits away.
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	if err := os.Chmod(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	here := corev1.NodeSelectorRequirement{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{l.node}}
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   options.PVC.Spec.AccessModes,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: options.PVC.Spec.Resources.Requests[corev1.ResourceStorage]},
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{here}}},
			}},
		},
	}, controller.ProvisioningFinished, nil
}

func (l localVolumes) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	return os.RemoveAll(filepath.Join(l.directory, filepath.Base(volume.Spec.Local.Path)))
}

func main() {
	name := flag.String("provisioner", "proofgrid.dev/local-volumes", "name by which storage classes ask for this provisioner")
	node := flag.String("node", "", "label kubernetes.io/hostname of this node, which is its name too")
	directory := flag.String("directory", "", "where volumes lie, the same path here as on the node")
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *showVersion {
		fmt.Println(version)
		return
	}
	if *node == "" || !filepath.IsAbs(*directory) {
		fmt.Fprintln(os.Stderr, "--node and an absolute --directory are needed")
		os.Exit(2)
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	provisioner := localVolumes{node: *node, directory: filepath.Clean(*directory)}
	controller.NewProvisionController(ctx, kubernetes.NewForConfigOrDie(config), *name, provisioner, controller.LeaderElection(false)).Run(ctx)
}
