package deploy_test

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// The types below are those of the Kubernetes API, as far as the manifests use them.
// A field that is not in them is refused, so that a misspelt one is found.

type manifest struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       yaml.Node
}

type metadata struct {
	Name                string
	Labels, Annotations map[string]string
}

type claimSpec struct {
	StorageClassName string   `yaml:"storageClassName"`
	AccessModes      []string `yaml:"accessModes"`
	Resources        resources
}

type cronJobSpec struct {
	Schedule                   string
	TimeZone                   string `yaml:"timeZone"`
	ConcurrencyPolicy          string `yaml:"concurrencyPolicy"`
	StartingDeadlineSeconds    int    `yaml:"startingDeadlineSeconds"`
	SuccessfulJobsHistoryLimit int    `yaml:"successfulJobsHistoryLimit"`
	FailedJobsHistoryLimit     int    `yaml:"failedJobsHistoryLimit"`
	JobTemplate                struct {
		Spec struct {
			BackoffLimit *int `yaml:"backoffLimit"`
			Template     podTemplate
		}
	} `yaml:"jobTemplate"`
}

type deploymentSpec struct {
	Replicas int
	Strategy struct{ Type string }
	Selector labelSelector
	Template podTemplate
}

type serviceSpec struct {
	Selector map[string]string
	Ports    []struct {
		Name       string
		Port       int
		TargetPort string `yaml:"targetPort"`
	}
}

type podTemplate struct {
	Metadata metadata
	Spec     podSpec
}

type podSpec struct {
	RestartPolicy                 string `yaml:"restartPolicy"`
	TerminationGracePeriodSeconds int    `yaml:"terminationGracePeriodSeconds"`
	AutomountServiceAccountToken  *bool  `yaml:"automountServiceAccountToken"`
	EnableServiceLinks            *bool  `yaml:"enableServiceLinks"`
	Affinity                      struct {
		PodAffinity struct {
			Required []struct {
				TopologyKey   string        `yaml:"topologyKey"`
				LabelSelector labelSelector `yaml:"labelSelector"`
			} `yaml:"requiredDuringSchedulingIgnoredDuringExecution"`
		} `yaml:"podAffinity"`
	}
	SecurityContext struct {
		RunAsNonRoot        bool                  `yaml:"runAsNonRoot"`
		RunAsUser           int                   `yaml:"runAsUser"`
		RunAsGroup          int                   `yaml:"runAsGroup"`
		FSGroup             int                   `yaml:"fsGroup"`
		FSGroupChangePolicy string                `yaml:"fsGroupChangePolicy"`
		SeccompProfile      struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	Containers []container
	Volumes    []struct {
		Name                  string
		PersistentVolumeClaim *struct {
			ClaimName string `yaml:"claimName"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"persistentVolumeClaim"`
		Secret *struct {
			SecretName  string `yaml:"secretName"`
			DefaultMode int    `yaml:"defaultMode"`
		}
		EmptyDir *struct {
			SizeLimit string `yaml:"sizeLimit"`
		} `yaml:"emptyDir"`
	}
}

type container struct {
	Name, Image string
	Args        []string
	WorkingDir  string `yaml:"workingDir"`
	Env         []struct {
		Name      string
		ValueFrom struct {
			FieldRef struct {
				FieldPath string `yaml:"fieldPath"`
			} `yaml:"fieldRef"`
		} `yaml:"valueFrom"`
	}
	Ports []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	ReadinessProbe *struct {
		HTTPGet        struct{ Path, Port string } `yaml:"httpGet"`
		PeriodSeconds  int                         `yaml:"periodSeconds"`
		TimeoutSeconds int                         `yaml:"timeoutSeconds"`
	} `yaml:"readinessProbe"`
	Resources       resources
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
	VolumeMounts []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
}

type resources struct{ Requests, Limits map[string]string }

type labelSelector struct {
	MatchLabels map[string]string `yaml:"matchLabels"`
}

// manifests decodes the documents of a file.
func manifests(t *testing.T, name string) (all []manifest) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(read(t, name)))
	d.KnownFields(true)
	for {
		var one manifest
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, one)
	}
}

// decodeSpec decodes the spec of a manifest into a type of the API.
func decodeSpec[T any](t *testing.T, m manifest) (spec T) {
	t.Helper()
	data, err := yaml.Marshal(&m.Spec)
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	d.KnownFields(true)
	if err := d.Decode(&spec); err != nil {
		t.Fatalf("%s %s: %v", m.Kind, m.Metadata.Name, err)
	}
	return spec
}

// pods returns the pods that the manifests of a file make, and checks what else is in it.
func pods(t *testing.T, name string) (all []podTemplate) {
	t.Helper()
	for _, m := range manifests(t, name) {
		switch m.APIVersion + " " + m.Kind {
		case "batch/v1 CronJob":
			spec := decodeSpec[cronJobSpec](t, m)
			all = append(all, spec.JobTemplate.Spec.Template)
			if spec.ConcurrencyPolicy != "Forbid" || spec.JobTemplate.Spec.BackoffLimit == nil || spec.JobTemplate.Spec.Template.Spec.RestartPolicy != "Never" {
				t.Errorf("%s: two of these jobs could run, or one without a bound", name)
			}
		case "apps/v1 Deployment":
			spec := decodeSpec[deploymentSpec](t, m)
			all = append(all, spec.Template)
			if spec.Replicas != 1 || spec.Strategy.Type != "Recreate" || !isSubset(spec.Selector.MatchLabels, spec.Template.Metadata.Labels) {
				t.Errorf("%s: %+v", name, spec)
			}
		case "v1 PersistentVolumeClaim":
			if spec := decodeSpec[claimSpec](t, m); !slices.Equal(spec.AccessModes, []string{"ReadWriteOnce"}) || spec.StorageClassName == "" || spec.Resources.Requests["storage"] == "" {
				t.Errorf("%s: %+v", name, spec)
			}
		case "v1 Service":
			decodeSpec[serviceSpec](t, m)
		default:
			t.Errorf("%s has a %s of %s", name, m.Kind, m.APIVersion)
		}
	}
	return all
}

func isSubset(part, whole map[string]string) bool {
	for k, v := range part {
		if whole[k] != v {
			return false
		}
	}
	return len(part) > 0
}

// Every pod that mounts the ledger is on one node, is not root and can do nothing else.
func TestPods(t *testing.T) {
	for _, name := range []string{"cronjob.yaml", "backup-cronjob.yaml", "listen.yaml"} {
		templates := pods(t, name)
		if len(templates) != 1 || len(templates[0].Spec.Containers) != 1 {
			t.Fatalf("%s makes %d pods", name, len(templates))
		}
		pod, c := templates[0].Spec, templates[0].Spec.Containers[0]
		near := pod.Affinity.PodAffinity.Required
		if len(near) != 1 || near[0].TopologyKey != "kubernetes.io/hostname" || !isSubset(near[0].LabelSelector.MatchLabels, templates[0].Metadata.Labels) ||
			!maps.Equal(near[0].LabelSelector.MatchLabels, map[string]string{"app.kubernetes.io/part-of": "bulkonboard"}) {
			t.Errorf("%s: the pod may be on another node than the ledger's other users: %+v", name, near)
		}
		if s := pod.SecurityContext; !s.RunAsNonRoot || s.FSGroupChangePolicy != "OnRootMismatch" || s.SeccompProfile.Type != "RuntimeDefault" || s.FSGroup != s.RunAsGroup {
			t.Errorf("%s: pod: %+v", name, s)
		}
		if a := pod.AutomountServiceAccountToken; a == nil || *a {
			t.Errorf("%s: the pod can speak to Kubernetes", name)
		}
		if s := c.SecurityContext; !s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
			t.Errorf("%s: container: %+v", name, s)
		}
		// A key in the environment would show in the description of the pod.
		for _, e := range c.Env {
			if e.ValueFrom.FieldRef.FieldPath != "metadata.name" {
				t.Errorf("%s sets %s", name, e.Name)
			}
		}
		if c.Resources.Limits["memory"] == "" {
			t.Errorf("%s has no limit of memory", name)
		}
		volumes := map[string]bool{}
		for _, v := range pod.Volumes {
			volumes[v.Name] = true
			if v.Secret != nil && v.Secret.DefaultMode != 0o400 {
				t.Errorf("%s: a secret of mode %o", name, v.Secret.DefaultMode)
			}
		}
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s mounts %s, which is no volume of it", name, m.Name)
			}
			delete(volumes, m.Name)
		}
		if len(volumes) != 0 {
			t.Errorf("%s: volumes that nothing mounts: %v", name, volumes)
		}
	}
	// A run that failed is not repeated blindly.
	for _, m := range manifests(t, "cronjob.yaml") {
		if m.Kind == "CronJob" && *decodeSpec[cronJobSpec](t, m).JobTemplate.Spec.BackoffLimit != 0 {
			t.Error("a run is repeated")
		}
	}
}

// The Service and the probe name ports that the container has, and the program listens on.
func TestListenPorts(t *testing.T) {
	all := manifests(t, "listen.yaml")
	c := pods(t, "listen.yaml")[0].Spec.Containers[0]
	ports := map[string]string{}
	for _, p := range c.Ports {
		ports[p.Name] = portFlag(c.Args, p.ContainerPort)
	}
	if !maps.Equal(ports, map[string]string{"webhooks": "--addr", "metrics": "--metrics-addr"}) {
		t.Errorf("the container has %v of %q", ports, c.Args)
	}
	if p := c.ReadinessProbe; p == nil || p.HTTPGet.Path != "/healthz" || ports[p.HTTPGet.Port] == "" || p.TimeoutSeconds <= 5 {
		t.Errorf("probe: %+v", p)
	}
	service := decodeSpec[serviceSpec](t, all[1])
	labels := decodeSpec[deploymentSpec](t, all[0]).Template.Metadata.Labels
	if !isSubset(service.Selector, labels) || len(service.Ports) != 2 {
		t.Errorf("service: %+v", service)
	}
	for _, p := range service.Ports {
		if ports[p.TargetPort] == "" {
			t.Errorf("the service leads to %s", p.TargetPort)
		}
	}
}
