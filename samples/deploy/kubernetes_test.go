package deploy_test

import (
	"errors"
	"io"
	"maps"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/bulkonboard/bulkonboard/ledger/postgres"
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

type jobSpec struct {
	Parallelism, Completions int
	CompletionMode           string `yaml:"completionMode"`
	BackoffLimitPerIndex     *int   `yaml:"backoffLimitPerIndex"`
	MaxFailedIndexes         int    `yaml:"maxFailedIndexes"`
	PodFailurePolicy         struct {
		Rules []struct {
			Action          string
			OnPodConditions []struct{ Type string } `yaml:"onPodConditions"`
		}
	} `yaml:"podFailurePolicy"`
	Template podTemplate
}

// clusterSpec is that of CloudNativePG.
type clusterSpec struct {
	Instances int
	Storage   struct {
		Size         string
		StorageClass string `yaml:"storageClass"`
	}
	Bootstrap struct {
		InitDB struct{ Database, Owner, Encoding string } `yaml:"initdb"`
	}
	PostgreSQL struct {
		Synchronous struct {
			Method         string
			Number         int
			DataDurability string `yaml:"dataDurability"`
		}
	} `yaml:"postgresql"`
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
	TopologySpreadConstraints []struct {
		MaxSkew           int           `yaml:"maxSkew"`
		TopologyKey       string        `yaml:"topologyKey"`
		WhenUnsatisfiable string        `yaml:"whenUnsatisfiable"`
		LabelSelector     labelSelector `yaml:"labelSelector"`
	} `yaml:"topologySpreadConstraints"`
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
		Name, Value string
		ValueFrom   struct {
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
		case "batch/v1 Job":
			spec := decodeSpec[jobSpec](t, m)
			all = append(all, spec.Template)
			if spec.Parallelism < 2 || spec.Completions != spec.Parallelism || spec.MaxFailedIndexes != spec.Completions || spec.BackoffLimitPerIndex == nil || *spec.BackoffLimitPerIndex != 0 {
				t.Errorf("%s: a pod that fails is repeated, or ends the others: %+v", name, spec)
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
		checkPod(t, name, pod, c)
		near := pod.Affinity.PodAffinity.Required
		if len(near) != 1 || near[0].TopologyKey != "kubernetes.io/hostname" || !isSubset(near[0].LabelSelector.MatchLabels, templates[0].Metadata.Labels) ||
			!maps.Equal(near[0].LabelSelector.MatchLabels, map[string]string{"app.kubernetes.io/part-of": "bulkonboard"}) {
			t.Errorf("%s: the pod may be on another node than the ledger's other users: %+v", name, near)
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

// checkPod checks that a pod is not root and can do nothing but its work.
func checkPod(t *testing.T, name string, pod podSpec, c container) {
	t.Helper()
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
		if e.ValueFrom.FieldRef.FieldPath != "metadata.name" && e.Name != "PGPASSFILE" {
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

// The pods of the Job share one ledger in the cluster that the other file makes, are on
// several nodes if there are several, and speak to a server that proves who it is.
func TestPostgresJob(t *testing.T) {
	clusters := manifests(t, "postgres-cluster.yaml")
	if len(clusters) != 1 || clusters[0].APIVersion+" "+clusters[0].Kind != "postgresql.cnpg.io/v1 Cluster" {
		t.Fatalf("%+v", clusters)
	}
	cluster := decodeSpec[clusterSpec](t, clusters[0])
	if s := cluster.PostgreSQL.Synchronous; s.Method != "any" || s.Number != 1 || s.DataDurability != "required" || cluster.Instances < 3 || cluster.Bootstrap.InitDB.Encoding != "UTF8" {
		t.Errorf("a failover could lose commits: %+v", cluster)
	}
	templates := pods(t, "postgres-job.yaml")
	if len(templates) != 1 || len(templates[0].Spec.Containers) != 1 {
		t.Fatalf("%d pods", len(templates))
	}
	pod, c := templates[0].Spec, templates[0].Spec.Containers[0]
	checkPod(t, "postgres-job.yaml", pod, c)
	if s := pod.TopologySpreadConstraints; len(s) != 1 || s[0].TopologyKey != "kubernetes.io/hostname" || !isSubset(s[0].LabelSelector.MatchLabels, templates[0].Metadata.Labels) {
		t.Errorf("%+v", s)
	}
	at := slices.IndexFunc(c.Args, func(a string) bool { return strings.HasPrefix(a, "--ledger=") })
	u, err := url.Parse(strings.TrimPrefix(c.Args[at], "--ledger="))
	if err != nil {
		t.Fatal(err)
	}
	db := cluster.Bootstrap.InitDB
	if u.Host != clusters[0].Metadata.Name+"-rw" || u.User.String() != db.Owner || u.Path != "/"+db.Database || u.Query().Get("sslmode") != "" {
		t.Errorf("the pods connect to %s", u)
	}
	if err := postgres.CheckAddress(u.String()); err == nil || !strings.Contains(err.Error(), "cannot read /ca/ca.crt") { // the file of the authority is in the pod only
		t.Errorf("%v", err)
	}
	files := map[string]string{u.Query().Get("sslrootcert"): "onboarding-ca"}
	for _, e := range c.Env {
		files[e.Value] = "onboarding-app"
	}
	for file, secret := range files {
		if !isMounted(pod, c, file, secret) {
			t.Errorf("%s is not of the secret %s", file, secret)
		}
	}
	if pod.TerminationGracePeriodSeconds < 45 {
		t.Errorf("%d seconds to end", pod.TerminationGracePeriodSeconds)
	}
}

// isMounted reports whether a file of a container is in the volume of a secret.
func isMounted(pod podSpec, c container, file, secret string) bool {
	for _, m := range c.VolumeMounts {
		for _, v := range pod.Volumes {
			if v.Name == m.Name && v.Secret != nil && v.Secret.SecretName == secret && strings.HasPrefix(file, m.MountPath+"/") {
				return true
			}
		}
	}
	return false
}

// composeFile is what compose.yaml uses of the Compose specification.
type composeFile struct {
	Name     string
	Services map[string]struct {
		Image, User string
		Environment map[string]string
		Entrypoint  []string
		Command     []string
		Secrets     []string
		Ports       []string
		Volumes     []string
		Configs     []struct{ Source, Target string }
		Healthcheck struct {
			Test     []string
			Interval string
			Retries  int
		}
		DependsOn map[string]struct{ Condition string } `yaml:"depends_on"`
	}
	Configs map[string]struct{ Content string }
	Secrets map[string]struct{ File string }
	Volumes map[string]struct{}
}

// The pair is of one version, is reached from this machine only, and has no password in
// the file.
func TestCompose(t *testing.T) {
	var f composeFile
	d := yaml.NewDecoder(strings.NewReader(read(t, "compose.yaml")))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		t.Fatal(err)
	}
	primary, standby := f.Services["primary"], f.Services["standby"]
	if len(f.Services) != 2 || primary.Image == "" || primary.Image != standby.Image || standby.DependsOn["primary"].Condition != "service_healthy" {
		t.Errorf("%+v", f.Services)
	}
	for name, s := range f.Services {
		if len(s.Ports) != 1 || !strings.HasPrefix(s.Ports[0], "127.0.0.1:") {
			t.Errorf("%s listens on %q", name, s.Ports)
		}
		for _, secret := range s.Secrets {
			if f.Secrets[secret].File == "" {
				t.Errorf("%s has no secret %s", name, secret)
			}
		}
		for _, v := range s.Volumes {
			volume, _, _ := strings.Cut(v, ":")
			if _, ok := f.Volumes[volume]; !ok {
				t.Errorf("%s mounts %s, which does not exist", name, volume)
			}
		}
		for _, c := range s.Configs {
			if f.Configs[c.Source].Content == "" {
				t.Errorf("%s has no config %s", name, c.Source)
			}
		}
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-n", "-c", strings.ReplaceAll(standby.Command[0], "$$", "$")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
