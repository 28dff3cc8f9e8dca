# Three workers as a batch job.
#
#   nomad var put nomad/jobs/load token="$(head -c 32 /dev/urandom | base64)"
#   nomad job run nomad.hcl
#   nomad service info load                       # the addresses, for --workers
#   plimsoll load run plan.yaml --workers 10.0.0.11:7547,10.0.0.12:7547,10.0.0.13:7547 --worker-wait 2m --worker-token-file token
job "load" {
  type = "batch"

  group "workers" {
    count = 3

    constraint {
      distinct_hosts = true
    }

    restart {
      attempts = 0
    }

    network {
      port "load" {
        static = 7547
      }
    }

    service {
      name     = "load"
      port     = "load"
      provider = "nomad"
    }

    task "worker" {
      driver = "docker"

      config {
        image        = "registry.example.org/plimsoll"
        network_mode = "host"
        args         = ["load", "worker", "--once", "--listen", "0.0.0.0:7547", "--token-file", "${NOMAD_SECRETS_DIR}/token", "--allow", "shop.staging.example.org"]
      }

      template {
        destination = "secrets/token"
        data        = "{{ with nomadVar \"nomad/jobs/load\" }}{{ .token }}{{ end }}"
      }

      resources {
        cores  = 2
        memory = 256
      }
    }
  }
}
