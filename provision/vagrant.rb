# frozen_string_literal: true

require 'socket'

# What the Vagrantfile decides, as functions of what it is given: the environment, the host, the boxes.
#
# MF_CPUS=2 MF_MEMORY=2048 (MB)   the machine's size
# MF_PORT=8080                    the page's port on this computer; another one where it is taken
# MF_BOX=NAME or FILE.box         another box; `scripts/mf box` makes one that needs no internet
# MF_BOX_URL=URL                  where a box of that name is fetched from
# MF_PRIVATE_IP=192.168.56.10     also a private network, with this address
# MF_SYNC=rsync                   where the provider's own shared folder does not work
# MF_LIBVIRT_DRIVER=qemu          software emulation, where there is no KVM
# http_proxy … NODE_EXTRA_CA_CERTS, npm_config_registry   handed on to provisioning, never stored
module MicroFlack
  # For amd64 and arm64, and every provider of the Vagrantfile's.
  BOX = 'bento/debian-13'
  BOX_VERSION = '202510.26.0'
  OWN_BOX = 'microflack'

  OLDEST_VAGRANT = '2.3.4'
  # Before it Vagrant knew nothing of architectures, and gave a Mac with Apple silicon a box for Intel.
  OLDEST_VAGRANT_ARM = '2.4.0'

  # What is made on this computer is for this computer.
  LEFT_OUT = %w[.vagrant/ node_modules/ .stack/ .runtime/ .cache/ dist/ *.box].freeze

  # VirtualBox allows host-only networks there alone.
  PRIVATE_NETWORK = /\A192\.168\.(5[6-9]|6[0-3])\.\d{1,3}\z/

  NETWORK = %w[http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY npm_config_registry].freeze

  # What providers call a machine that holds no port: it is off, or asleep. One that is slow to answer is neither.
  OFF = %i[not_created preparing shutoff poweroff stopped crashed aborted].freeze
  ASLEEP = %i[paused saved suspended].freeze

  # A file provisioner writes as an ordinary user. The certificates go on to where they are gone after a reboot.
  UPLOADED = '/tmp/microflack-ca.crt'
  CERTIFICATES = '/run/microflack-ca.crt'
  PROVISION = <<~SHELL
    if [ -f #{UPLOADED} ]; then mv #{UPLOADED} #{CERTIFICATES}; fi
    exec bash /vagrant/provision/machine.sh
  SHELL

  module_function

  # Why it cannot go on, and what to do; nil where it can.
  def complaint(env, version, cpu)
    oldest = cpu.match?(/arm|aarch64/) ? OLDEST_VAGRANT_ARM : OLDEST_VAGRANT
    if Gem::Version.new(version) < Gem::Version.new(oldest)
      return "this is Vagrant #{version}, and #{oldest} is the oldest that works here. " \
             'Install a newer one, then: vagrant up'
    end
    return "NODES=#{env['NODES']}: not yet, there is one machine only. Next: unset NODES" if env['NODES'].to_i > 1

    number = %w[MF_CPUS MF_MEMORY MF_PORT].find { |name| env.key?(name) && !env[name].match?(/\A[1-9]\d*\z/) }
    return "#{number} is a number, not '#{env[number]}'. Next: unset #{number}" if number

    address = env['MF_PRIVATE_IP']
    return if address.nil? || address.match?(PRIVATE_NETWORK)

    "MF_PRIVATE_IP is in 192.168.56.0/21, which is all that VirtualBox allows, not '#{address}'. " \
      'Next: MF_PRIVATE_IP=192.168.56.10 vagrant up'
  end

  def settings(env, boxes)
    { cpus: env.fetch('MF_CPUS', '2').to_i, memory: env.fetch('MF_MEMORY', '2048').to_i,
      port: env.fetch('MF_PORT', '8080').to_i, private_ip: env['MF_PRIVATE_IP'],
      # A box has the key that everybody knows, so that each machine made of it gets another.
      own_key: !env.key?('MF_FOR_A_BOX'),
      sync: env['MF_SYNC'] == 'rsync' ? rsync : {}, libvirt: libvirt(env),
      certificates: certificates(env), network: network(env), **box(env, boxes) }
  end

  # For providers without a shared folder of their own. Vagrant changes the hash that it is given.
  def rsync
    { type: 'rsync', rsync__exclude: LEFT_OUT }
  end

  # The names of the boxes that Vagrant has here.
  def boxes(home)
    folder = File.join(home, 'boxes')
    Dir.exist?(folder) ? Dir.children(folder) : []
  end

  # The one that is asked for; else our own, where somebody has added it; else Debian's, of one version.
  # What is made to be a box begins with Debian's, so that no box grows out of an older one.
  def box(env, boxes)
    name = env['MF_BOX'] || (OWN_BOX if boxes.include?(OWN_BOX) && !env.key?('MF_FOR_A_BOX'))
    return { box: BOX, box_version: BOX_VERSION, box_url: env['MF_BOX_URL'] } if name.nil?
    return { box: File.basename(name, '.box'), box_url: "file://#{File.expand_path(name)}" } if name.end_with?('.box')

    { box: name, box_url: env['MF_BOX_URL'] }
  end

  # A CPU that emulation has, where there is no KVM.
  def libvirt(env)
    return {} if env['MF_LIBVIRT_DRIVER'] != 'qemu'

    { driver: 'qemu', cpu_mode: 'custom', cpu_model: 'qemu64' }
  end

  def certificates(env)
    env.values_at('NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE').compact
       .find { |file| File.file?(file) }
  end

  # A proxy on this computer's loopback is not on the machine's.
  def network(env)
    handed_on = NETWORK.filter_map { |name| [name, env[name]] unless env[name].to_s.empty? }.to_h
    handed_on.reject! { |name, url| name.match?(/(https?)_proxy/i) && url.match?(%r{//(localhost|127\.|\[::1\])}) }
    handed_on['NODE_EXTRA_CA_CERTS'] = CERTIFICATES if certificates(env)
    # Unlike Node's, this one stands for all that are known: it is set where it was set here.
    handed_on['SSL_CERT_FILE'] = CERTIFICATES if certificates(env) && certificates(env) == env['SSL_CERT_FILE']
    handed_on.merge('MF_NEXT' => 'vagrant provision')
  end

  # `vagrant resume` ends well also where there is no machine.
  def announce(machine)
    return if machine.state.id == :not_created

    machine.ui.success(<<~TEXT)

      MicroFlack is at http://localhost:#{port_of(machine)}
      Next: vagrant ssh -c 'mf status' · edit the code here, then vagrant provision · vagrant halt
    TEXT
  end

  # Where the provider does not look whether the port is taken (libvirt, QEMU), we do: behind our URL would be
  # another program's page otherwise. The choice is noted, since a machine that runs keeps its port.
  def choose_port(machine)
    return if machine.provider.capability?(:forwarded_ports)

    note = machine.data_dir.join('microflack-port')
    forwarded = forwarded_in(machine)
    noted = note.file? ? note.read.to_i : forwarded[:host]
    forwarded[:host] =
      case machine.state.id
      when *OFF then free_port(forwarded[:host])
      when *ASLEEP then free_port(noted)
      else noted
      end
    note.write(forwarded[:host].to_s)
  end

  # The first one from there on. Whoever is just leaving it has a second to go.
  def free_port(wanted)
    10.times do
      break if free?(wanted)

      sleep 0.1
    end
    (wanted..wanted + 50).find { |port| free?(port) } || wanted
  end

  def free?(port)
    TCPServer.new('127.0.0.1', port).close
    true
  rescue Errno::EADDRINUSE
    false
  rescue Errno::EACCES # of the first 1024, which Vagrant asks for by sudo
    true
  end

  # The port that was really taken, where ours was not free.
  def port_of(machine)
    return forwarded_in(machine)[:host] unless machine.provider.capability?(:forwarded_ports)

    machine.provider.capability(:forwarded_ports).key(8080) || forwarded_in(machine)[:host]
  end

  def forwarded_in(machine)
    machine.config.vm.networks.map(&:last).find { |options| options[:id] == 'chat' }
  end

  # With libvirt it is an ssh that leads from the port here to the machine's, and a restored machine does not
  # know of it any more. To resume makes another one.
  def lead_again(machine)
    return if machine.provider_name != :libvirt

    machine.action(:suspend)
    machine.action(:resume)
  end
end
