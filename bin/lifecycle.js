#!/usr/bin/env node
import '../dist/lifecycle/cli.js';
