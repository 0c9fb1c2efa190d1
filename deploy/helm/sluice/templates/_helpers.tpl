{{/* Prefix of all names. */}}
{{- define "sluice.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* What selects the pods of a component: (dict "root" $ "component" "broker") */}}
{{- define "sluice.selector" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* name and namespace: (dict "root" $ "component" "broker") */}}
{{- define "sluice.metadata" -}}
name: {{ include "sluice.name" .root }}-{{ .component }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "sluice.labels" . | nindent 2 }}
{{- end }}

{{- define "sluice.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* securityContext of a container that runs as the given uid. */}}
{{- define "sluice.securityContext" -}}
runAsUser: {{ . }}
runAsGroup: {{ . }}
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
{{- end }}

{{/* What all pods have in common. */}}
{{- define "sluice.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
- name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* volumeClaimTemplates: (dict "storage" SIZE "class" NAME) */}}
{{- define "sluice.claim" -}}
volumeClaimTemplates:
- metadata: {name: data}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .class }}
    storageClassName: {{ . }}
    {{- end }}
    resources:
      requests: {storage: {{ .storage }}}
{{- end }}

{{- define "sluice.proxyConfig" -}}
{{- if hasKey .Values.proxy.config "drain_time" }}
{{- fail "set proxy.drainSeconds in place of proxy.config.drain_time: the pod's grace period goes by it" }}
{{- end -}}
listeners:
- name: mqtts
  address: 0.0.0.0:8883
  tls:
    certificate: /etc/sluice/server/tls.crt
    private_key: /etc/sluice/server/tls.key
upstream:
  address: 127.0.0.1:1883
policy:
  address: {{ include "sluice.name" . }}-policy:50051
  tls:
    ca: /etc/sluice/client/ca.crt
    certificate: /etc/sluice/client/tls.crt
    private_key: /etc/sluice/client/tls.key
limits:
  max_connections: {{ int .Values.proxy.maxConnections }}
admin:
  address: 0.0.0.0:9901
workers: {{ .Values.proxy.workers }}
drain_time: {{ .Values.proxy.drainSeconds }}s
{{- end }}

{{- define "sluice.policyConfig" -}}
address: 0.0.0.0:50051
admin:
  address: 0.0.0.0:9902
tls:
  certificate: /etc/sluice/tls/tls.crt
  private_key: /etc/sluice/tls/tls.key
  client_ca: /etc/sluice/tls/ca.crt
# By the names in their certificates: see docs/deployment.md.
access:
  proxies: [sluice-proxy]
  operators: [sluice-operator]
audience: {{ .Values.policy.audience | quote }}
issuers: {{ toJson .Values.policy.issuers }}
public_topics: {{ toJson .Values.policy.publicTopics }}
store:
  etcd:
    endpoints:
    {{- if .Values.etcd.enabled }}
    - {{ include "sluice.name" . }}-etcd:2379
    {{- else }}
    {{- toYaml (required "etcd.endpoints is needed without etcd.enabled" .Values.etcd.endpoints) | nindent 4 }}
    {{- end }}
    prefix: {{ .Values.etcd.prefix | quote }}
{{- end }}
