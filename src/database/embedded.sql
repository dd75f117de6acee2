-- Run once in single-user mode on a new cluster, before anybody can connect to it.
-- A statement ends at a semicolon followed by an empty line. See migrate.sql for what the roles are for;
-- here they may log in, because the socket's directory admits only the user of this server.
CREATE ROLE ainarres_owner LOGIN CREATEROLE CREATEDB;

CREATE ROLE ainarres_app LOGIN;

CREATE ROLE ainarres_reader LOGIN;

CREATE DATABASE ainarres OWNER ainarres_owner;

