# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts/try: where Delinkcious is to run, in one line with the reason.

# field JSONPATH: of the current context's part of the kubeconfig.
field() { kubectl config view --minify --raw=false -o "jsonpath=$1" 2>/dev/null || true; }

# local_kind CONTEXT: prints what makes it a local cluster; fails when nothing does. A name alone makes no minikube.
local_kind() {
    case $1 in
        devloop-local | docker-desktop | rancher-desktop | orbstack | microk8s) echo "$1" ;;
        kind-*) echo kind ;;
        k3d-*) echo k3d ;;
        colima | colima-*) echo colima ;;
        crc-* | */api-crc-testing:*) echo crc ;;
        *)
            if [[ " $(field '{.clusters[0].cluster.extensions[*].extension.provider}') " == *' minikube.sigs.k8s.io '* ]] ||
                [[ $(field '{.clusters[0].cluster.certificate-authority}') == */.minikube/* ]]; then
                echo minikube
            else
                return 1
            fi
            ;;
    esac
}

answers() { kubectl --request-timeout 5s get --raw /readyz >/dev/null 2>&1; }

# choose_place WANTED: sets choice to current, minikube, scripts/cluster or local, and says why. WANTED is local, cluster or
# nothing.
choose_place() {
    if [[ $1 == local ]]; then
        choice=local
        say "try: local mode, as asked"
        return
    fi
    local context kind why="there is no current context"
    context=$(kubectl config current-context 2>/dev/null || true)
    if [[ -n $context ]]; then
        if kind=$(local_kind "$context"); then
            if answers; then
                choice=current
                say "try: cluster: context $context, because it is current, local ($kind) and answers"
                return
            fi
            why="context $context ($kind) does not answer"
        else
            why="context $context is not local"
        fi
    fi
    if have minikube; then
        choice=minikube
        say "try: cluster: minikube, because $why and minikube is installed"
    elif [[ $1 == cluster ]] || "$scripts/cluster" status >/dev/null 2>&1; then
        choice=scripts/cluster
        say "try: cluster: scripts/cluster, because $why and minikube is not installed"
    else
        choice=local
        say "try: local mode, without Kubernetes, because $why and minikube is not installed;" \
            "scripts/try --cluster starts a single-node cluster"
    fi
}

# start_chosen_place: leaves KUBECONFIG and its current context pointing at it.
start_chosen_place() {
    case $choice in
        minikube) minikube start ;;
        scripts/cluster)
            "$scripts/cluster" up
            eval "$("$scripts/cluster" env)"
            ;;
    esac
}
