export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
	public: {
		Tables: {
			cert_expiry_reminders: {
				Row: {
					certification_type: string
					created_at: string
					expiry_date: string
					id: string
					last_reminder_at: string | null
					mentor_id: string
					next_on: string | null
					reminders_sent: number[]
					rungs_pending: number[] | null
					updated_at: string
				}
				ComputedFields: never
				Insert: {
					certification_type: string
					created_at?: string
					expiry_date: string
					id?: string
					last_reminder_at?: string | null
					mentor_id: string
					next_on?: string | null
					reminders_sent?: number[]
					rungs_pending?: number[] | null
					updated_at?: string
				}
				Update: {
					certification_type?: string
					created_at?: string
					expiry_date?: string
					id?: string
					last_reminder_at?: string | null
					mentor_id?: string
					next_on?: string | null
					reminders_sent?: number[]
					rungs_pending?: number[] | null
					updated_at?: string
				}
				Relationships: [
					{
						foreignKeyName: "cert_expiry_reminders_mentor_id_fkey"
						columns: ["mentor_id"]
						isOneToOne: false
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			certification_renewal_events: {
				Row: {
					actor_kind: string
					at: string
					certification_id: string
					event: string
					expires_at: string
					id: number
					issued_at: string
					job_run_id: string | null
					schema_version: number
				}
				ComputedFields: never
				Insert: {
					actor_kind: string
					at: string
					certification_id: string
					event: string
					expires_at: string
					id?: never
					issued_at: string
					job_run_id?: string | null
					schema_version: number
				}
				Update: {
					actor_kind?: string
					at?: string
					certification_id?: string
					event?: string
					expires_at?: string
					id?: never
					issued_at?: string
					job_run_id?: string | null
					schema_version?: number
				}
				Relationships: [
					{
						foreignKeyName: "certification_renewal_events_certification_id_fkey"
						columns: ["certification_id"]
						isOneToOne: false
						referencedRelation: "certification_timeline"
						referencedColumns: ["certification_id"]
					},
					{
						foreignKeyName: "certification_renewal_events_certification_id_fkey"
						columns: ["certification_id"]
						isOneToOne: false
						referencedRelation: "peer_mentor_certifications"
						referencedColumns: ["id"]
					},
				]
			}
			certification_types: {
				Row: {
					code: string
					grace_days: number
					name: string | null
					organisation_id: string
					renewal_mode: string
					renewal_window_days: number | null
					required: boolean
					rules_changed_at: string | null
					valid_for: string
				}
				ComputedFields: never
				Insert: {
					code: string
					grace_days?: number
					name?: string | null
					organisation_id: string
					renewal_mode?: string
					renewal_window_days?: number | null
					required?: boolean
					rules_changed_at?: string | null
					valid_for?: string
				}
				Update: {
					code?: string
					grace_days?: number
					name?: string | null
					organisation_id?: string
					renewal_mode?: string
					renewal_window_days?: number | null
					required?: boolean
					rules_changed_at?: string | null
					valid_for?: string
				}
				Relationships: [
					{
						foreignKeyName: "certification_types_organisation_id_fkey"
						columns: ["organisation_id"]
						isOneToOne: false
						referencedRelation: "organisations"
						referencedColumns: ["id"]
					},
				]
			}
			chapters: {
				Row: {
					id: string
					name: string
					organisation_id: string
				}
				ComputedFields: never
				Insert: {
					id?: string
					name: string
					organisation_id: string
				}
				Update: {
					id?: string
					name?: string
					organisation_id?: string
				}
				Relationships: [
					{
						foreignKeyName: "chapters_organisation_id_fkey"
						columns: ["organisation_id"]
						isOneToOne: false
						referencedRelation: "organisations"
						referencedColumns: ["id"]
					},
				]
			}
			coordinator_assignments: {
				Row: {
					assigned_at: string
					coordinator_id: string
					ended_at: string | null
					id: string
					mentor_id: string
				}
				ComputedFields: never
				Insert: {
					assigned_at?: string
					coordinator_id: string
					ended_at?: string | null
					id?: string
					mentor_id: string
				}
				Update: {
					assigned_at?: string
					coordinator_id?: string
					ended_at?: string | null
					id?: string
					mentor_id?: string
				}
				Relationships: [
					{
						foreignKeyName: "coordinator_assignments_mentor_id_fkey"
						columns: ["mentor_id"]
						isOneToOne: false
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			erased_spans: {
				Row: {
					certified: boolean
					chapter_id: string | null
					from_day: string
					id: string
					mentors: number
					organisation_id: string
					status: Database["public"]["Enums"]["mentor_status"]
					to_day: string
				}
				ComputedFields: never
				Insert: {
					certified: boolean
					chapter_id?: string | null
					from_day: string
					id?: string
					mentors?: number
					organisation_id: string
					status: Database["public"]["Enums"]["mentor_status"]
					to_day: string
				}
				Update: {
					certified?: boolean
					chapter_id?: string | null
					from_day?: string
					id?: string
					mentors?: number
					organisation_id?: string
					status?: Database["public"]["Enums"]["mentor_status"]
					to_day?: string
				}
				Relationships: [
					{
						foreignKeyName: "erased_spans_organisation_id_fkey"
						columns: ["organisation_id"]
						isOneToOne: false
						referencedRelation: "organisations"
						referencedColumns: ["id"]
					},
				]
			}
			erased_transitions: {
				Row: {
					chapter_id: string | null
					effective_on: string
					id: string
					new_status: Database["public"]["Enums"]["mentor_status"]
					organisation_id: string
					reason: string
					transitions: number
				}
				ComputedFields: never
				Insert: {
					chapter_id?: string | null
					effective_on: string
					id?: string
					new_status: Database["public"]["Enums"]["mentor_status"]
					organisation_id: string
					reason: string
					transitions?: number
				}
				Update: {
					chapter_id?: string | null
					effective_on?: string
					id?: string
					new_status?: Database["public"]["Enums"]["mentor_status"]
					organisation_id?: string
					reason?: string
					transitions?: number
				}
				Relationships: [
					{
						foreignKeyName: "erased_transitions_organisation_id_fkey"
						columns: ["organisation_id"]
						isOneToOne: false
						referencedRelation: "organisations"
						referencedColumns: ["id"]
					},
				]
			}
			idempotent_requests: {
				Row: {
					arguments_hash: string
					caller: string
					caller_id: string | null
					created_at: string
					function: string
					key: string
					result: NonNullable<Json>
				}
				ComputedFields: never
				Insert: {
					arguments_hash: string
					caller: string
					caller_id?: string | null
					created_at?: string
					function: string
					key: string
					result: NonNullable<Json>
				}
				Update: {
					arguments_hash?: string
					caller?: string
					caller_id?: string | null
					created_at?: string
					function?: string
					key?: string
					result?: NonNullable<Json>
				}
				Relationships: []
			}
			job_run_failures: {
				Row: {
					attempts: number
					id: number
					job_run_id: string
					mentor_id: string | null
					message: string
					resolved_at: string | null
					sqlstate: string
					step: string
				}
				ComputedFields: never
				Insert: {
					attempts?: number
					id?: never
					job_run_id: string
					mentor_id?: string | null
					message: string
					resolved_at?: string | null
					sqlstate: string
					step: string
				}
				Update: {
					attempts?: number
					id?: never
					job_run_id?: string
					mentor_id?: string | null
					message?: string
					resolved_at?: string | null
					sqlstate?: string
					step?: string
				}
				Relationships: [
					{
						foreignKeyName: "job_run_failures_job_run_id_fkey"
						columns: ["job_run_id"]
						isOneToOne: false
						referencedRelation: "job_progress"
						referencedColumns: ["job_run_id"]
					},
					{
						foreignKeyName: "job_run_failures_job_run_id_fkey"
						columns: ["job_run_id"]
						isOneToOne: false
						referencedRelation: "job_runs"
						referencedColumns: ["id"]
					},
					{
						foreignKeyName: "job_run_failures_mentor_id_fkey"
						columns: ["mentor_id"]
						isOneToOne: false
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			job_runs: {
				Row: {
					as_of: string
					counts: NonNullable<Json>
					error: string | null
					finished_at: string | null
					heartbeat_at: string
					id: string
					job_name: string
					started_at: string
					status: string
					step: string | null
					step_started_at: string | null
					worker_pid: number
					worker_started: string
				}
				ComputedFields: never
				Insert: {
					as_of: string
					counts?: NonNullable<Json>
					error?: string | null
					finished_at?: string | null
					heartbeat_at?: string
					id?: string
					job_name: string
					started_at?: string
					status: string
					step?: string | null
					step_started_at?: string | null
					worker_pid: number
					worker_started: string
				}
				Update: {
					as_of?: string
					counts?: NonNullable<Json>
					error?: string | null
					finished_at?: string | null
					heartbeat_at?: string
					id?: string
					job_name?: string
					started_at?: string
					status?: string
					step?: string | null
					step_started_at?: string | null
					worker_pid?: number
					worker_started?: string
				}
				Relationships: []
			}
			mentor_chapters: {
				Row: {
					chapter_id: string
					id: string
					is_primary: boolean
					mentor_id: string
					since: string
					until: string | null
				}
				ComputedFields: never
				Insert: {
					chapter_id: string
					id?: string
					is_primary?: boolean
					mentor_id: string
					since?: string
					until?: string | null
				}
				Update: {
					chapter_id?: string
					id?: string
					is_primary?: boolean
					mentor_id?: string
					since?: string
					until?: string | null
				}
				Relationships: [
					{
						foreignKeyName: "mentor_chapters_chapter_id_fkey"
						columns: ["chapter_id"]
						isOneToOne: false
						referencedRelation: "chapters"
						referencedColumns: ["id"]
					},
					{
						foreignKeyName: "mentor_chapters_mentor_id_fkey"
						columns: ["mentor_id"]
						isOneToOne: false
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			organisations: {
				Row: {
					auto_reactivate: boolean
					id: string
					name: string
					portal_sync: string
					reminder_days: number[]
					time_zone: string
				}
				ComputedFields: never
				Insert: {
					auto_reactivate?: boolean
					id?: string
					name: string
					portal_sync?: string
					reminder_days?: number[]
					time_zone?: string
				}
				Update: {
					auto_reactivate?: boolean
					id?: string
					name?: string
					portal_sync?: string
					reminder_days?: number[]
					time_zone?: string
				}
				Relationships: []
			}
			outbox_deliveries: {
				Row: {
					dead_at: string | null
					delivered_at: string | null
					event_id: number
					failed_in: number | null
					last_error: string | null
					recipient: string
					retry_at: string | null
					role: string
				}
				ComputedFields: never
				Insert: {
					dead_at?: string | null
					delivered_at?: string | null
					event_id: number
					failed_in?: number | null
					last_error?: string | null
					recipient: string
					retry_at?: string | null
					role: string
				}
				Update: {
					dead_at?: string | null
					delivered_at?: string | null
					event_id?: number
					failed_in?: number | null
					last_error?: string | null
					recipient?: string
					retry_at?: string | null
					role?: string
				}
				Relationships: [
					{
						foreignKeyName: "outbox_deliveries_event_id_fkey"
						columns: ["event_id"]
						isOneToOne: false
						referencedRelation: "outbox_events"
						referencedColumns: ["id"]
					},
				]
			}
			outbox_events: {
				Row: {
					actor_id: string | null
					attempts: number
					available_at: string
					channel: string
					claim_token: string | null
					created_at: string
					dead_at: string | null
					dedupe_key: string
					delivered_at: string | null
					event_id: string
					event_type: string
					id: number
					last_error: string | null
					leased_until: string | null
					mentor_id: string
					organisation_id: string
					payload: NonNullable<Json>
				}
				ComputedFields: never
				Insert: {
					actor_id?: string | null
					attempts?: number
					available_at?: string
					channel: string
					claim_token?: string | null
					created_at?: string
					dead_at?: string | null
					dedupe_key: string
					delivered_at?: string | null
					event_id?: string
					event_type: string
					id?: never
					last_error?: string | null
					leased_until?: string | null
					mentor_id: string
					organisation_id: string
					payload: NonNullable<Json>
				}
				Update: {
					actor_id?: string | null
					attempts?: number
					available_at?: string
					channel?: string
					claim_token?: string | null
					created_at?: string
					dead_at?: string | null
					dedupe_key?: string
					delivered_at?: string | null
					event_id?: string
					event_type?: string
					id?: never
					last_error?: string | null
					leased_until?: string | null
					mentor_id?: string
					organisation_id?: string
					payload?: NonNullable<Json>
				}
				Relationships: []
			}
			pause_records: {
				Row: {
					coordinator_id: string | null
					created_at: string
					ended_by: string | null
					expected_return_date: string | null
					id: string
					mentor_id: string
					overdue_told_on: string | null
					pause_reason: string
					paused_at: string
					reactivated_at: string | null
					resumes_pause_id: string | null
					status: Database["public"]["Enums"]["mentor_status"]
					updated_at: string
				}
				ComputedFields: never
				Insert: {
					coordinator_id?: string | null
					created_at?: string
					ended_by?: string | null
					expected_return_date?: string | null
					id?: string
					mentor_id: string
					overdue_told_on?: string | null
					pause_reason: string
					paused_at: string
					reactivated_at?: string | null
					resumes_pause_id?: string | null
					status: Database["public"]["Enums"]["mentor_status"]
					updated_at?: string
				}
				Update: {
					coordinator_id?: string | null
					created_at?: string
					ended_by?: string | null
					expected_return_date?: string | null
					id?: string
					mentor_id?: string
					overdue_told_on?: string | null
					pause_reason?: string
					paused_at?: string
					reactivated_at?: string | null
					resumes_pause_id?: string | null
					status?: Database["public"]["Enums"]["mentor_status"]
					updated_at?: string
				}
				Relationships: [
					{
						foreignKeyName: "pause_records_mentor_id_fkey"
						columns: ["mentor_id"]
						isOneToOne: false
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			peer_mentor_certifications: {
				Row: {
					anchor_on: string
					certification_type: string
					created_at: string
					expires_at: string
					id: string
					issued_at: string
					organisation_id: string
					peer_mentor_id: string
					renewal_history: NonNullable<Json>
					status: string
					updated_at: string
				}
				ComputedFields: never
				Insert: {
					anchor_on: string
					certification_type: string
					created_at?: string
					expires_at: string
					id?: string
					issued_at: string
					organisation_id: string
					peer_mentor_id: string
					renewal_history?: NonNullable<Json>
					status?: string
					updated_at?: string
				}
				Update: {
					anchor_on?: string
					certification_type?: string
					created_at?: string
					expires_at?: string
					id?: string
					issued_at?: string
					organisation_id?: string
					peer_mentor_id?: string
					renewal_history?: NonNullable<Json>
					status?: string
					updated_at?: string
				}
				Relationships: [
					{
						foreignKeyName: "peer_mentor_certifications_organisation_id_certification_t_fkey"
						columns: ["organisation_id", "certification_type"]
						isOneToOne: false
						referencedRelation: "certification_types"
						referencedColumns: ["organisation_id", "code"]
					},
					{
						foreignKeyName: "peer_mentor_certifications_peer_mentor_id_fkey"
						columns: ["peer_mentor_id"]
						isOneToOne: false
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			peer_mentor_status: {
				Row: {
					activated_by: string | null
					chapter_id: string | null
					created_at: string
					expected_return_date: string | null
					id: string
					mentor_id: string
					next_expires_on: string | null
					on_roster: boolean
					organisation_id: string | null
					pause_reason: string | null
					roster_name: string
					status: Database["public"]["Enums"]["mentor_status"]
					updated_at: string
					version: number
				}
				ComputedFields: never
				Insert: {
					activated_by?: string | null
					chapter_id?: string | null
					created_at?: string
					expected_return_date?: string | null
					id?: string
					mentor_id: string
					next_expires_on?: string | null
					on_roster?: boolean
					organisation_id?: string | null
					pause_reason?: string | null
					roster_name?: string
					status?: Database["public"]["Enums"]["mentor_status"]
					updated_at?: string
					version?: number
				}
				Update: {
					activated_by?: string | null
					chapter_id?: string | null
					created_at?: string
					expected_return_date?: string | null
					id?: string
					mentor_id?: string
					next_expires_on?: string | null
					on_roster?: boolean
					organisation_id?: string | null
					pause_reason?: string | null
					roster_name?: string
					status?: Database["public"]["Enums"]["mentor_status"]
					updated_at?: string
					version?: number
				}
				Relationships: [
					{
						foreignKeyName: "peer_mentor_status_mentor_id_fkey"
						columns: ["mentor_id"]
						isOneToOne: true
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			peer_mentor_status_history: {
				Row: {
					actor_kind: string
					changed_at: string
					changed_by: string | null
					chapter_id: string | null
					effective_on: string
					id: string
					job_run_id: string | null
					mentor_id: string
					new_status: Database["public"]["Enums"]["mentor_status"]
					previous_status: Database["public"]["Enums"]["mentor_status"] | null
					reason: string
					version: number
				}
				ComputedFields: never
				Insert: {
					actor_kind: string
					changed_at: string
					changed_by?: string | null
					chapter_id?: string | null
					effective_on: string
					id?: string
					job_run_id?: string | null
					mentor_id: string
					new_status: Database["public"]["Enums"]["mentor_status"]
					previous_status?: Database["public"]["Enums"]["mentor_status"] | null
					reason: string
					version: number
				}
				Update: {
					actor_kind?: string
					changed_at?: string
					changed_by?: string | null
					chapter_id?: string | null
					effective_on?: string
					id?: string
					job_run_id?: string | null
					mentor_id?: string
					new_status?: Database["public"]["Enums"]["mentor_status"]
					previous_status?: Database["public"]["Enums"]["mentor_status"] | null
					reason?: string
					version?: number
				}
				Relationships: [
					{
						foreignKeyName: "peer_mentor_status_history_mentor_id_fkey"
						columns: ["mentor_id"]
						isOneToOne: false
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			peer_mentors: {
				Row: {
					deleted_at: string | null
					display_name: string | null
					external_key: string | null
					id: string
					listed: boolean
					organisation_id: string
					user_id: string | null
				}
				ComputedFields: never
				Insert: {
					deleted_at?: string | null
					display_name?: string | null
					external_key?: string | null
					id?: string
					listed?: boolean
					organisation_id: string
					user_id?: string | null
				}
				Update: {
					deleted_at?: string | null
					display_name?: string | null
					external_key?: string | null
					id?: string
					listed?: boolean
					organisation_id?: string
					user_id?: string | null
				}
				Relationships: [
					{
						foreignKeyName: "peer_mentors_organisation_id_fkey"
						columns: ["organisation_id"]
						isOneToOne: false
						referencedRelation: "organisations"
						referencedColumns: ["id"]
					},
				]
			}
			register_import: {
				Row: {
					batch: string | null
					certification_type: string | null
					chapter: string | null
					error: string | null
					expires_on: string | null
					id: number
					imported_at: string | null
					issued_on: string | null
					mentor_key: string | null
					status: string | null
				}
				ComputedFields: never
				Insert: {
					batch?: string | null
					certification_type?: string | null
					chapter?: string | null
					error?: string | null
					expires_on?: string | null
					id?: never
					imported_at?: string | null
					issued_on?: string | null
					mentor_key?: string | null
					status?: string | null
				}
				Update: {
					batch?: string | null
					certification_type?: string | null
					chapter?: string | null
					error?: string | null
					expires_on?: string | null
					id?: never
					imported_at?: string | null
					issued_on?: string | null
					mentor_key?: string | null
					status?: string | null
				}
				Relationships: []
			}
			report_snapshots: {
				Row: {
					actor_kind: string
					checksum: string
					from_day: string
					frozen_at: string
					frozen_by: string | null
					id: string
					number: number
					organisation_id: string
					report: NonNullable<Json>
					to_day: string
				}
				ComputedFields: never
				Insert: {
					actor_kind: string
					checksum: string
					from_day: string
					frozen_at?: string
					frozen_by?: string | null
					id?: string
					number?: number
					organisation_id: string
					report: NonNullable<Json>
					to_day: string
				}
				Update: {
					actor_kind?: string
					checksum?: string
					from_day?: string
					frozen_at?: string
					frozen_by?: string | null
					id?: string
					number?: number
					organisation_id?: string
					report?: NonNullable<Json>
					to_day?: string
				}
				Relationships: [
					{
						foreignKeyName: "report_snapshots_organisation_id_fkey"
						columns: ["organisation_id"]
						isOneToOne: false
						referencedRelation: "organisations"
						referencedColumns: ["id"]
					},
				]
			}
			role_assignments: {
				Row: {
					assigned_at: string
					chapter_id: string | null
					ended_at: string | null
					id: string
					organisation_id: string
					role: string
					user_id: string
				}
				ComputedFields: never
				Insert: {
					assigned_at?: string
					chapter_id?: string | null
					ended_at?: string | null
					id?: string
					organisation_id: string
					role: string
					user_id: string
				}
				Update: {
					assigned_at?: string
					chapter_id?: string | null
					ended_at?: string | null
					id?: string
					organisation_id?: string
					role?: string
					user_id?: string
				}
				Relationships: [
					{
						foreignKeyName: "role_assignments_organisation_id_chapter_id_fkey"
						columns: ["organisation_id", "chapter_id"]
						isOneToOne: false
						referencedRelation: "chapters"
						referencedColumns: ["organisation_id", "id"]
					},
					{
						foreignKeyName: "role_assignments_organisation_id_fkey"
						columns: ["organisation_id"]
						isOneToOne: false
						referencedRelation: "organisations"
						referencedColumns: ["id"]
					},
				]
			}
			status_discrepancies: {
				Row: {
					about: string
					expected: NonNullable<Json>
					found: NonNullable<Json>
					found_at: string
					id: number
					kind: string
					mentor_id: string | null
					outcome: string | null
					resolved_at: string | null
				}
				ComputedFields: never
				Insert: {
					about?: string
					expected: NonNullable<Json>
					found: NonNullable<Json>
					found_at?: string
					id?: never
					kind: string
					mentor_id?: string | null
					outcome?: string | null
					resolved_at?: string | null
				}
				Update: {
					about?: string
					expected?: NonNullable<Json>
					found?: NonNullable<Json>
					found_at?: string
					id?: never
					kind?: string
					mentor_id?: string | null
					outcome?: string | null
					resolved_at?: string | null
				}
				Relationships: [
					{
						foreignKeyName: "status_discrepancies_mentor_id_fkey"
						columns: ["mentor_id"]
						isOneToOne: false
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			undeliverable_notifications: {
				Row: {
					created_at: string
					event_id: number
					id: number
					mentor_id: string
					reason: string
					resolved_at: string | null
				}
				ComputedFields: never
				Insert: {
					created_at?: string
					event_id: number
					id?: never
					mentor_id: string
					reason: string
					resolved_at?: string | null
				}
				Update: {
					created_at?: string
					event_id?: number
					id?: never
					mentor_id?: string
					reason?: string
					resolved_at?: string | null
				}
				Relationships: [
					{
						foreignKeyName: "undeliverable_notifications_event_id_fkey"
						columns: ["event_id"]
						isOneToOne: true
						referencedRelation: "outbox_events"
						referencedColumns: ["id"]
					},
				]
			}
		}
		Views: {
			certification_timeline: {
				Row: {
					actor_kind: string | null
					at: string | null
					certification_id: string
					certification_type: string
					event: string | null
					expires_at: string | null
					issued_at: string | null
					job_run_id: string | null
					peer_mentor_id: string
					position: number | null
				}
				ComputedFields: never
				Relationships: [
					{
						foreignKeyName: "peer_mentor_certifications_peer_mentor_id_fkey"
						columns: ["peer_mentor_id"]
						isOneToOne: false
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			job_health: {
				Row: {
					backlog_due: number | null
					cron_launcher_running: boolean | null
					dead_letters: number | null
					last_good_age: string | null
					last_good_run: string | null
					missing_protection: string[] | null
					oldest_undelivered_notification: string | null
					oldest_undelivered_portal_sync: string | null
					open_discrepancies: number | null
					open_failures: number | null
					open_undeliverable: number | null
					overdue: boolean | null
					stuck_run: string | null
				}
				ComputedFields: never
				Relationships: []
			}
			job_progress: {
				Row: {
					as_of: string
					done: number | null
					eta: string | null
					heartbeat_age: string | null
					job_run_id: string
					per_second: number | null
					running_for: string | null
					status: string
					step: string | null
					total: number | null
				}
				ComputedFields: never
				Relationships: []
			}
			peer_mentor_status_log: {
				Row: {
					changed_at: string
					changed_by: string | null
					chapter_id: string | null
					id: string
					mentor_id: string
					new_status: Database["public"]["Enums"]["mentor_status"]
					previous_status: Database["public"]["Enums"]["mentor_status"] | null
				}
				ComputedFields: never
				Insert: {
					changed_at?: string | null
					changed_by?: string | null
					chapter_id?: string | null
					id?: string | null
					mentor_id?: string | null
					new_status?: Database["public"]["Enums"]["mentor_status"] | null
					previous_status?: Database["public"]["Enums"]["mentor_status"] | null
				}
				Update: {
					changed_at?: string | null
					changed_by?: string | null
					chapter_id?: string | null
					id?: string | null
					mentor_id?: string | null
					new_status?: Database["public"]["Enums"]["mentor_status"] | null
					previous_status?: Database["public"]["Enums"]["mentor_status"] | null
				}
				Relationships: [
					{
						foreignKeyName: "peer_mentor_status_history_mentor_id_fkey"
						columns: ["mentor_id"]
						isOneToOne: false
						referencedRelation: "peer_mentors"
						referencedColumns: ["id"]
					},
				]
			}
			public_mentor_listing: {
				Row: {
					chapter: string | null
					display_name: string | null
					mentor_id: string | null
				}
				ComputedFields: never
				Relationships: []
			}
		}
		Functions: {
			assign_coordinator: { Args: { coordinator_id: string; mentor_id: string }; Returns: string }
			claim_events: {
				Args: { batch_size?: number; channel: string; lease?: string }
				Returns: {
					attempts: number
					channel: string
					claim_token: string
					created_at: string
					event_id: string
					event_type: string
					id: number
					leased_until: string
					mentor_id: string
					organisation_id: string
					payload: Json
					recipients: Json
				}[]
			}
			complete_event: { Args: { claim_token: string; id: number; recipient?: string }; Returns: boolean }
			coordinator_roster: {
				Args: {
					after?: string
					chapter_id?: string
					expiring_within_days?: number
					overdue_only?: boolean
					page_size?: number
					search?: string
					statuses?: Database["public"]["Enums"]["mentor_status"][]
				}
				Returns: {
					chapters: string[]
					coordinators: string[]
					cursor: string
					days_left: number
					discrepancies: number
					display_name: string
					expected_return_date: string
					mentor_id: string
					next_expires_at: string
					next_expiring_type: string
					overdue: boolean
					pause_reason: string
					paused_at: string
					primary_chapter: string
					status: Database["public"]["Enums"]["mentor_status"]
					undelivered: number
					version: number
				}[]
			}
			correct_certification: {
				Args: { certification_type: string; expires_at: string; issued_at: string; mentor_id: string }
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			end_assignment: { Args: { coordinator_id: string; mentor_id: string }; Returns: undefined }
			end_role: {
				Args: { chapter_id?: string; organisation_id: string; role: string; user_id: string }
				Returns: undefined
			}
			explain_transition: {
				Args: { mentor_id: string; new_status: Database["public"]["Enums"]["mentor_status"] }
				Returns: Record<string, unknown>
			}
			fail_event: {
				Args: {
					claim_token: string
					error: string
					id: number
					permanent?: boolean
					recipient?: string
					retry_after?: string
				}
				Returns: boolean
			}
			freeze_report: { Args: { from_day: string; organisation_id: string; to_day: string }; Returns: string }
			frozen_report: {
				Args: { snapshot_id: string }
				Returns: {
					certified_days: number
					certified_mentors: number
					chapter: string
					chapter_id: string
					mentor_days: number
					mentors: number
					status: Database["public"]["Enums"]["mentor_status"]
					transitions: Json
					uncertified_days: number
					uncertified_mentors: number
				}[]
			}
			grant_role: {
				Args: { chapter_id?: string; organisation_id: string; role: string; user_id: string }
				Returns: string
			}
			link_login: { Args: { mentor_id: string; user_id: string }; Returns: undefined }
			mentor_status_on: {
				Args: { day: string; mentor_id: string }
				Returns: Database["public"]["Enums"]["mentor_status"]
			}
			mentor_timeline: {
				Args: { mentor_id: string }
				Returns: {
					actor_kind: string
					at: string
					certification_type: string
					changed_by: string
					effective_on: string
					event: string
					expected_return_date: string
					expires_at: string
					issued_at: string
					kind: string
					new_status: Database["public"]["Enums"]["mentor_status"]
					previous_status: Database["public"]["Enums"]["mentor_status"]
					version: number
				}[]
			}
			pause_mentor: {
				Args: { expected_return_date?: string; expected_version?: number; idempotency_key?: string; mentor_id: string }
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			put_certification_type: {
				Args: {
					code: string
					grace_days?: number
					name?: string
					organisation_id: string
					renewal_mode?: string
					renewal_window_days?: number
					required?: boolean
					valid_for?: string
				}
				Returns: undefined
			}
			put_chapter: { Args: { chapter_id?: string; name: string; organisation_id: string }; Returns: string }
			reactivate_mentor: {
				Args: { expected_version?: number; idempotency_key?: string; mentor_id: string }
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			record_certification: {
				Args: {
					certification_type: string
					expires_at?: string
					idempotency_key?: string
					issued_at: string
					mentor_id: string
				}
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			register_mentor: {
				Args: {
					chapter_ids: string[]
					display_name?: string
					idempotency_key?: string
					mentor_id: string
					organisation_id: string
					user_id?: string
				}
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			reinstate_certification: {
				Args: { certification_type: string; mentor_id: string }
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			remove_mentor: {
				Args: { mentor_id: string }
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			renew_certification: {
				Args: {
					certification_type: string
					completed_on?: string
					expected_expires_at?: string
					expires_at?: string
					idempotency_key?: string
					mentor_id: string
				}
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			replay_events: { Args: { channel: string; mentor_id?: string; since?: string }; Returns: number }
			resolve_undeliverable: { Args: { id: number }; Returns: undefined }
			restore_mentor: {
				Args: { mentor_id: string }
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			set_listed: { Args: { listed: boolean; mentor_id: string }; Returns: undefined }
			set_mentor_chapters: { Args: { chapter_ids: string[]; mentor_id: string }; Returns: undefined }
			set_return_date: {
				Args: { expected_return_date: string; expected_version?: number; mentor_id: string }
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			status_report: {
				Args: { from_day: string; organisation_id: string; to_day: string }
				Returns: {
					certified_days: number
					certified_mentors: number
					chapter: string
					chapter_id: string
					mentor_days: number
					mentors: number
					status: Database["public"]["Enums"]["mentor_status"]
					transitions: Json
					uncertified_days: number
					uncertified_mentors: number
				}[]
			}
			suspend_certification: {
				Args: { certification_type: string; mentor_id: string }
				Returns: Database["public"]["CompositeTypes"]["mentor_transition"]
				SetofOptions: {
					from: "*"
					to: "mentor_transition"
					isOneToOne: true
					isSetofReturn: false
				}
			}
			update_organisation: {
				Args: {
					auto_reactivate?: boolean
					name?: string
					organisation_id: string
					portal_sync?: string
					reminder_days?: number[]
					time_zone?: string
				}
				Returns: undefined
			}
		}
		Enums: {
			mentor_status: "active" | "paused" | "expired_cert"
		}
		CompositeTypes: {
			mentor_transition: {
				mentor_id: string | null
				previous_status: Database["public"]["Enums"]["mentor_status"] | null
				new_status: Database["public"]["Enums"]["mentor_status"] | null
				version: number | null
				changed_at: string | null
				history_id: string | null
			}
		}
	}
}

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">]

export type Tables<
	DefaultSchemaTableNameOrOptions extends
		keyof (DefaultSchema["Tables"] & DefaultSchema["Views"]) | { schema: keyof DatabaseWithoutInternals },
	TableName extends (DefaultSchemaTableNameOrOptions extends {
		schema: keyof DatabaseWithoutInternals
	}
		? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
				DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
		: never) = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
	? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
			DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
			Row: infer R
		}
		? R
		: never
	: DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
		? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
				Row: infer R
			}
			? R
			: never
		: never

export type TablesInsert<
	DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"] | { schema: keyof DatabaseWithoutInternals },
	TableName extends (DefaultSchemaTableNameOrOptions extends {
		schema: keyof DatabaseWithoutInternals
	}
		? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
		: never) = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
	? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
			Insert: infer I
		}
		? I
		: never
	: DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
		? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
				Insert: infer I
			}
			? I
			: never
		: never

export type TablesUpdate<
	DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"] | { schema: keyof DatabaseWithoutInternals },
	TableName extends (DefaultSchemaTableNameOrOptions extends {
		schema: keyof DatabaseWithoutInternals
	}
		? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
		: never) = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
	? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
			Update: infer U
		}
		? U
		: never
	: DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
		? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
				Update: infer U
			}
			? U
			: never
		: never

export type Enums<
	DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"] | { schema: keyof DatabaseWithoutInternals },
	EnumName extends (DefaultSchemaEnumNameOrOptions extends {
		schema: keyof DatabaseWithoutInternals
	}
		? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
		: never) = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
	? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
	: DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
		? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
		: never

export type CompositeTypes<
	PublicCompositeTypeNameOrOptions extends
		keyof DefaultSchema["CompositeTypes"] | { schema: keyof DatabaseWithoutInternals },
	CompositeTypeName extends (PublicCompositeTypeNameOrOptions extends {
		schema: keyof DatabaseWithoutInternals
	}
		? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
		: never) = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
	? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
	: PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
		? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
		: never

export const Constants = {
	public: {
		Enums: {
			mentor_status: ["active", "paused", "expired_cert"],
		},
	},
} as const
