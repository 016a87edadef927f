# frozen_string_literal: true

# Prints as JSON what the Vagrantfile asks of Vagrant and of each provider, also of those that are not
# installed here: Vagrant itself reads a provider's block only where it has that provider.
#
# Usage: ruby read-vagrantfile.rb VAGRANT-VERSION PROVIDER
require 'json'
require 'pathname'
require 'rubygems'

# Whatever it is told, it writes down; what it is asked for is another of its kind.
class Recorder < BasicObject
  def initialize(notes, provider)
    @notes = notes
    @provider = provider
  end

  def method_missing(name, *args, **options)
    return @notes[name.to_s.delete_suffix('=')] = args.last if name.end_with?('=') && args.length == 1

    if args.empty? && options.empty?
      return ::Recorder.new(@notes[name.to_s] ||= {}, @provider)
    elsif name == :provider
      own, override = [::Recorder.new(@notes['own'] ||= {}, nil), ::Recorder.new(@notes['override'] ||= {}, nil)]
      yield own, override if args.first == @provider
    else
      (@notes[name.to_s] ||= []) << [*args, options]
    end
  end

  def respond_to_missing?(*) = true
  def public_send(name, value) = method_missing(name.to_sym, value)
end

module Vagrant
  VERSION = ARGV.fetch(0)
  def self.user_data_path = Pathname(ENV.fetch('VAGRANT_HOME', '/nonexistent'))

  def self.configure(_)
    notes = {}
    yield Recorder.new(notes, ARGV.fetch(1))
    puts JSON.pretty_generate(notes)
  end
end

load File.expand_path('../../Vagrantfile', __dir__)
