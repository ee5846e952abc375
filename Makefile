# PGXS build.  Nothing is listed twice: sources, SQL and migrations are globbed, the version lives in the
# control file, the compiler flags in src/flags.  CMakeLists.txt reads the same places.
EXTENSION  = peer_mentor
MODULE_big = peer_mentor

# Where this file is, so that a build in another folder (make -f path/to/Makefile) finds everything.
PM_DIR := $(or $(VPATH),$(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST)))))
# No variable may be called VERSION or INSTALL: PGXS owns both.
PM_VERSION := $(shell sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" $(PM_DIR)/peer_mentor.control)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifneq ($(wildcard $(PGXS)),)

PM_MAJOR := $(shell $(PG_CONFIG) --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
pm_files = $(sort $(wildcard $(addprefix $(PM_DIR)/,$(1))))

PM_SOURCES    := $(call pm_files,src/*.cpp src/pg/*.cpp)
PM_HEADERS    := $(call pm_files,src/*.hpp src/*/*.hpp)
PM_SCHEMA     := $(call pm_files,sql/engine/*.sql)
PM_FUNCTIONS  := $(call pm_files,sql/engine/functions/*.sql)
PM_UPDATES    := $(call pm_files,sql/engine/updates/*.sql)
PM_MIGRATIONS := $(call pm_files,migrations/*.sql)
PM_ROLLBACKS  := $(call pm_files,rollback/*.sql)

OBJS := $(patsubst $(PM_DIR)/%.cpp,%.o,$(PM_SOURCES)) build/embedded_migrations.o

# The schema file runs once; the functions are CREATE OR REPLACE and every update runs them again.
PM_INSTALL_SQL := build/peer_mentor--$(PM_VERSION).sql
DATA_built     := $(PM_INSTALL_SQL) $(patsubst $(PM_DIR)/sql/engine/updates/%,build/peer_mentor--%,$(PM_UPDATES))
# Not all of build/: the private servers of the tests and CMake's build live there too.
EXTRA_CLEAN    = $(wildcard build/peer_mentor--*.sql) build/embedded_migrations.cpp \
	results output_iso regression.diffs regression.out

PM_TESTS       := $(patsubst $(PM_DIR)/sql/%.sql,%,$(call pm_files,sql/*.sql))
PM_MIDDLE      := $(filter-out install uninstall,$(PM_TESTS))
REGRESS        := $(strip $(filter install,$(PM_TESTS)) $(PM_MIDDLE) $(filter uninstall,$(PM_TESTS)))
REGRESS_OPTS   = --inputdir=$(PM_DIR)
ISOLATION      := $(patsubst $(PM_DIR)/test/specs/%.spec,%,$(call pm_files,test/specs/*.spec))
# Isolation tests read their expected output from the folder the others use.
ISOLATION_OPTS = --inputdir=$(PM_DIR)/test --outputdir=.

# -isystem keeps warnings inside the server's macros out of ours.
PG_CPPFLAGS = -I$(PM_DIR)/src -isystem $(shell $(PG_CONFIG) --includedir-server) -DPEER_MENTOR_VERSION='"$(PM_VERSION)"'
PG_CXXFLAGS = $(shell cat $(PM_DIR)/src/flags)
SHLIB_LINK  = -lstdc++
# Up to 15 the server headers define PGDLLEXPORT empty, so -fvisibility=hidden would hide our entries.
ifneq ($(filter 15,$(PM_MAJOR)),)
PG_CPPFLAGS += '-DPGDLLEXPORT=__attribute__((visibility("default")))'
ifneq ($(PM_DIR),.)
# 16 and later look for expected output beside the sources by an option, 15 only in the output folder.
ISOLATION_OPTS = --inputdir=$(PM_DIR)/test --outputdir=$(PM_DIR)
endif
else
ISOLATION_OPTS += --expecteddir=$(PM_DIR)
REGRESS_OPTS   += --expecteddir=$(PM_DIR)
endif
ifneq ($(filter-out 0 no false,$(CI) $(WERROR)),)
PG_CXXFLAGS += -Werror
endif

# No JIT bitcode: PGXS would compile it without PG_CXXFLAGS.
override with_llvm := no

include $(PGXS)

.DELETE_ON_ERROR:

# Not a rule: from another folder make would find the folders of the source tree and make none here.
PM_FOLDERS := $(shell mkdir -p build src/pg)

$(OBJS): $(PM_HEADERS) $(PM_DIR)/src/flags $(PM_DIR)/peer_mentor.control $(PM_DIR)/Makefile

# The folders are prerequisites so that a removed file is noticed as well.
$(PM_INSTALL_SQL): $(PM_SCHEMA) $(PM_FUNCTIONS) $(PM_DIR)/sql/engine/functions $(PM_DIR)/peer_mentor.control
	cat $(PM_SCHEMA) $(PM_FUNCTIONS) > $@

build/peer_mentor--%.sql: $(PM_DIR)/sql/engine/updates/%.sql $(PM_FUNCTIONS) $(PM_DIR)/sql/engine/functions
	cat $< $(PM_FUNCTIONS) > $@

build/embedded_migrations.cpp: $(PM_MIGRATIONS) $(PM_ROLLBACKS) $(PM_DIR)/tools/embed_migrations.sh
build/embedded_migrations.cpp: $(wildcard $(PM_DIR)/migrations $(PM_DIR)/rollback)
	sh $(PM_DIR)/tools/embed_migrations.sh $(PM_MIGRATIONS) > $@

.PHONY: check-symbols
check-symbols: all
	sh $(PM_DIR)/test/symbols.sh $(OBJS) $(shlib)

else

all install installcheck check-symbols clean uninstall:
	@echo 'PostgreSQL development files not found ($(PG_CONFIG) --pgxs). Install the package postgresql-server-dev-NN or set' >&2
	@echo 'PG_CONFIG=/path/to/pg_config. "make demo" and "make test" install what they need on Debian and Ubuntu.' >&2
	@false
.PHONY: all install installcheck check-symbols clean uninstall

endif

# The delivery worker is a program of its own, not needed by the extension.
.PHONY: dispatch install-dispatch
dispatch:
	@$(MAKE) --no-print-directory -C $(PM_DIR)/dispatch
install-dispatch:
	@$(MAKE) --no-print-directory -C $(PM_DIR)/dispatch install

.PHONY: demo test help
demo:
	@REGISTER='$(REGISTER)' KEEP='$(KEEP)' $(PM_DIR)/demo/run.sh

test:
	@$(PM_DIR)/test/run $(SUITES)

help:
	@echo 'make                 build the extension (needs PostgreSQL 15 or later and its headers)'
	@echo 'make install         install it'
	@echo 'make installcheck    run the regression and isolation tests on the installed server'
	@echo 'make dispatch        build the delivery worker (needs libpq, libcurl and libcrypto); make install-dispatch installs it'
	@echo 'make demo            show it on a private server; REGISTER=file.csv gives a register, KEEP=1 keeps the server'
	@echo 'make test            run every test on private servers; SUITES="regress pgtap" runs some'
	@echo 'test/run --list      names the suites'
	@echo 'Variables: PG_CONFIG=/path/to/pg_config, WERROR=1 (warnings are errors; so they are when CI is set)'
